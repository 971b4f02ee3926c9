#pragma once

#include <cstdint>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/crypto/random.h"
#include "common/crypto/x509.h"
#include "controller/store/store.h"

namespace weir::controller {

/// What makes this mesh this one: a random id and the CA of its certificates, made once, kept in
/// the store. The CA is valid for 10 years.
struct MeshIdentity {
  std::string mesh;
  ByteVector id;  // 16 bytes
  CertificateAuthority ca;
};

/// Blocks on the store. Two controllers starting at once agree on one identity.
/// Errors: failed_precondition (the store belongs to a mesh of another name), data_loss,
/// unavailable.
Result<MeshIdentity> load_or_make_identity(Store& store, KeySource& keys, const std::string& mesh,
                                           std::int64_t now_unix_ms);

}  // namespace weir::controller
