#pragma once

#include "agent/state/state_dir.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/crypto/secret_text.h"
#include "common/join/join_token.h"

namespace weir::agent {

/// The keys of a join under way.
struct JoinKeys {
  PrivateKey tunnel;  // WireGuard
  SecretText certificate_pem;
};

/// The keys to join with: those of a join that was begun here, whatever its token; else, with the
/// WireGuard key of the identity that is there, new ones. The controller knows a machine by its
/// WireGuard key: with the same one the new registration takes the place of the old, with another
/// one the old would stay behind as an agent that never comes back.
///
/// When it returns, the keys are on the disk and belong to `token`. Errors: as StateDir::replace.
Result<JoinKeys> begin_join(const StateDir& directory, const TokenId& token, KeySource& source);

/// The join is complete, its keys are in the identity. Errors: as StateDir::remove.
Status end_join(const StateDir& directory);

}  // namespace weir::agent
