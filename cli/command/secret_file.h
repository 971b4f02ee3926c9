#pragma once

#include <string>

#include "common/base/result.h"
#include "common/os/fd.h"

namespace weir::cli {

/// A new file that only its owner can read; made before the secret, so that no secret is lost.
/// Errors: already_exists (or why else it cannot be made).
Result<Fd> create_secret_file(const std::string& path);

/// The secret and a line end, on the disk when it returns. Errors: unavailable.
Status write_secret(const Fd& file, const std::string& secret);

}  // namespace weir::cli
