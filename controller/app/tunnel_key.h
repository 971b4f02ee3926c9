#pragma once

#include <string>

#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"

namespace weir::controller {

/// The controller's WireGuard key in `<state_dir>/tunnel.key` (base64, mode 0600); made the first
/// time. The directory is made too, with mode 0700. Blocks on the disk; a key that was returned is
/// durable. Errors: unavailable (the file and why), data_loss (not a key), permission_denied
/// (others may read it).
Result<PrivateKey> load_or_make_tunnel_key(const std::string& state_dir, KeySource& keys);

}  // namespace weir::controller
