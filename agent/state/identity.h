#pragma once

#include <string>

#include "agent/state/state_dir.h"
#include "common/base/ids.h"
#include "common/crypto/keys.h"
#include "common/crypto/secret_text.h"
#include "common/model/revision.h"

namespace weir::agent {

/// What enrolment gave this agent, and the keys it made itself. Private keys never leave the
/// machine; the file is 0600 inside a 0700 directory.
struct Identity {
  std::string mesh;
  MeshSelf self;
  PrivateKey private_key;  // WireGuard
  std::string certificate_pem;
  SecretText certificate_key_pem;
  std::string ca_pem;
  MeshPeer controller;  // enough to reach it when no revision is left on the disk
};

/// Errors: not_found (never joined: says which command to run), data_loss (damaged), unavailable.
Result<Identity> load_identity(const StateDir& directory);

/// Errors: as `StateDir::replace`.
Status save_identity(const StateDir& directory, const Identity& identity);

}  // namespace weir::agent
