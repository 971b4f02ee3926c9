#include "common/crypto/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <string>

#include "common/base/assert.h"

namespace weir {
namespace {

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

OSSL_PARAM octets(const char* name, ByteView bytes) {
  // The parameter's type is not const, though a derivation only reads it.
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()),
                                           bytes.size());
}

}  // namespace

void hkdf_sha256(ByteView secret, ByteView salt, std::string_view info, ByteSpan out) {
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
  WEIR_ASSERT(context, "OpenSSL has no HKDF");
  std::string digest = "SHA256";
  std::array<OSSL_PARAM, 5> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      octets(OSSL_KDF_PARAM_KEY, secret), octets(OSSL_KDF_PARAM_INFO, as_bytes(info)),
      salt.empty() ? OSSL_PARAM_construct_end() : octets(OSSL_KDF_PARAM_SALT, salt),
      OSSL_PARAM_construct_end()};
  WEIR_ASSERT(EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1,
              "HKDF of " + std::to_string(out.size()) + " bytes");
}

SecretKey derive_key(ByteView secret, std::string_view info) {
  SecretKey key;
  hkdf_sha256(secret, {}, info, key.writable());
  return key;
}

}  // namespace weir
