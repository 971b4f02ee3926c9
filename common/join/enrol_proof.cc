#include "common/join/enrol_proof.h"

#include <string>

#include "common/crypto/hkdf.h"
#include "common/crypto/x25519.h"

namespace weir {

Result<Sha256Digest> enrol_proof(const PrivateKey& own, const PublicKey& other, const TokenId& id,
                                 ByteView csr_der) {
  const SharedSecret shared = X25519KeyPair(own).agree(other);
  if (!shared) {
    return fail(Code::invalid_argument, "the WireGuard public key " + to_base64(other) +
                                            " is no usable key; make a new key pair");
  }
  std::string info = "weir enrol proof";
  info += as_text(id);
  info += as_text(sha256(csr_der));
  Sha256Digest proof{};
  hkdf_sha256(shared->bytes(), {}, info, proof);
  return proof;
}

}  // namespace weir
