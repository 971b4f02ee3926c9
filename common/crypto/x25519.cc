#include "common/crypto/x25519.h"

#include <openssl/evp.h>

#include "common/base/assert.h"
#include "common/crypto/openssl.h"

namespace weir {
namespace {

struct FreePeer {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

}  // namespace

void clamp(PrivateKey& key) {
  const auto bytes = key.writable();
  bytes[0] &= 248;
  bytes[31] &= 127;
  bytes[31] |= 64;
}

void X25519KeyPair::FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

void X25519KeyPair::FreeContext::operator()(evp_pkey_ctx_st* context) const {
  EVP_PKEY_CTX_free(context);
}

X25519KeyPair::X25519KeyPair(const PrivateKey& key) : private_(key) {
  clamp(private_);
  key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, private_.bytes().data(),
                                          private_.bytes().size()));
  WEIR_ASSERT(key_ != nullptr, "OpenSSL took no X25519 private key");
  std::size_t length = public_.size();
  const int known = EVP_PKEY_get_raw_public_key(key_.get(), public_.data(), &length);
  WEIR_ASSERT(known == 1 && length == public_.size(), "OpenSSL gave no X25519 public key");
  context_.reset(EVP_PKEY_CTX_new(key_.get(), nullptr));
  WEIR_ASSERT(context_ != nullptr && EVP_PKEY_derive_init(context_.get()) == 1,
              "OpenSSL gave no X25519 context");
}

X25519KeyPair X25519KeyPair::generate(KeySource& source) {
  PrivateKey key;
  source.fill(key.writable());
  return X25519KeyPair(key);
}

X25519KeyPair::~X25519KeyPair() = default;
X25519KeyPair::X25519KeyPair(X25519KeyPair&&) noexcept = default;
X25519KeyPair& X25519KeyPair::operator=(X25519KeyPair&&) noexcept = default;

SharedSecret X25519KeyPair::agree(const PublicKey& other) const {
  const std::unique_ptr<EVP_PKEY, FreePeer> peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()));
  WEIR_ASSERT(peer != nullptr, "OpenSSL took no X25519 public key");
  const int joined = EVP_PKEY_derive_set_peer_ex(context_.get(), peer.get(), 0);
  WEIR_ASSERT(joined == 1, "OpenSSL took no X25519 peer");
  SecretKey secret;
  std::size_t length = secret.bytes().size();
  // OpenSSL refuses an all-zero result itself; the second check does not rely on that.
  if (EVP_PKEY_derive(context_.get(), secret.writable().data(), &length) != 1) {
    forget_openssl_errors();
    return std::nullopt;
  }
  if (secret.is_zero()) return std::nullopt;
  return secret;
}

}  // namespace weir
