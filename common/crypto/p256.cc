#include "common/crypto/p256.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <string_view>

#include "common/base/assert.h"
#include "common/crypto/openssl.h"

namespace weir {

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> group{};
  std::size_t size = 0;
  return key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

std::string take_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

ByteVector spki_der(EVP_PKEY* key) {
  return to_der([&](std::uint8_t** out) { return i2d_PUBKEY(key, out); });
}

void P256Key::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
P256Key::P256Key(P256Key&&) noexcept = default;
P256Key& P256Key::operator=(P256Key&&) noexcept = default;
P256Key::~P256Key() = default;

P256Key P256Key::generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  WEIR_ASSERT(key != nullptr, "OpenSSL could not make a P-256 key");
  return P256Key(key);
}

Result<P256Key> P256Key::from_pem(const SecretText& pem) {
  const Bio bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  // An empty password instead of none: otherwise OpenSSL would ask on the terminal.
  char no_password[] = "";
  P256Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, no_password));
  forget_openssl_errors();
  if (!is_p256(key.native())) {
    return fail(Code::invalid_argument, "the private key is not a P-256 key in PEM");
  }
  return key;
}

SecretText P256Key::to_pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  WEIR_ASSERT(
      PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "OpenSSL could not write a key");
  return SecretText(take_text(bio.get()));
}

ByteVector P256Key::public_key_der() const { return spki_der(key_.get()); }

ByteVector make_csr(const P256Key& key) {
  const Owned<X509_REQ, X509_REQ_free> request(X509_REQ_new());
  const bool made = request && X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key.native()) == 1 &&
                    X509_REQ_sign(request.get(), key.native(), EVP_sha256()) > 0;
  WEIR_ASSERT(made, "OpenSSL could not make a CSR");
  return to_der([&](std::uint8_t** out) { return i2d_X509_REQ(request.get(), out); });
}

}  // namespace weir
