#include "common/join/enrol_proof.h"

#include <string>
#include <string_view>

#include "common/crypto/hkdf.h"
#include "common/crypto/x25519.h"

namespace weir {
namespace {

Result<Sha256Digest> proof_of(const PrivateKey& own, const PublicKey& other,
                              std::string_view info) {
  const SharedSecret shared = X25519KeyPair(own).agree(other);
  if (!shared) {
    return fail(Code::invalid_argument, "the WireGuard public key " + to_base64(other) +
                                            " is no usable key; make a new key pair");
  }
  Sha256Digest proof{};
  hkdf_sha256(shared->bytes(), {}, info, proof);
  return proof;
}

}  // namespace

Result<Sha256Digest> enrol_proof(const PrivateKey& own, const PublicKey& other, const TokenId& id,
                                 ByteView csr_der) {
  std::string info = "weir enrol proof";
  info += as_text(id);
  info += as_text(sha256(csr_der));
  return proof_of(own, other, info);
}

Result<Sha256Digest> renewal_proof(const PrivateKey& own, const PublicKey& other,
                                   ByteView csr_der) {
  std::string info = "weir renewal proof";
  info += as_text(sha256(csr_der));
  return proof_of(own, other, info);
}

}  // namespace weir
