#include "common/crypto/sha256.h"

#include <openssl/evp.h>

#include "common/base/assert.h"

namespace weir {

Sha256Digest sha256(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  WEIR_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
              "SHA-256 could not start");
}

void Sha256::update(ByteView bytes) {
  WEIR_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1,
              "SHA-256 could not go on");
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  WEIR_ASSERT(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1,
              "SHA-256 could not end");
  return digest;
}

}  // namespace weir
