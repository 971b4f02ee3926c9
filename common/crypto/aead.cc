#include "common/crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>

#include "common/base/assert.h"
#include "common/crypto/openssl.h"

namespace weir {
namespace {

/// Fetched once: a fetch costs as much as sealing half a packet.
const EVP_CIPHER* chacha20_poly1305() {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  WEIR_ASSERT(cipher != nullptr, "OpenSSL has no ChaCha20-Poly1305");
  return cipher;
}

std::array<std::uint8_t, 12> nonce_of(std::uint64_t counter) {
  std::array<std::uint8_t, 12> nonce{};
  store_le64(nonce.data() + 4, counter);
  return nonce;
}

}  // namespace

void SealKey::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

SealKey::SealKey(const SecretKey& key) : context_(EVP_CIPHER_CTX_new()) {
  WEIR_ASSERT(context_ != nullptr, "out of memory");
  const int ready = EVP_EncryptInit_ex2(context_.get(), chacha20_poly1305(), key.bytes().data(),
                                        nullptr, nullptr);
  WEIR_ASSERT(ready == 1, "ChaCha20-Poly1305 took no key");
}

void SealKey::seal(std::uint64_t counter, ByteView aad, ByteView plain, std::uint8_t* out) {
  EVP_CIPHER_CTX* const context = context_.get();
  const auto nonce = nonce_of(counter);
  int length = 0;
  bool done = EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1;
  if (!aad.empty()) {
    done = done && EVP_EncryptUpdate(context, nullptr, &length, aad.data(),
                                     static_cast<int>(aad.size())) == 1;
  }
  if (!plain.empty()) {
    done = done && EVP_EncryptUpdate(context, out, &length, plain.data(),
                                     static_cast<int>(plain.size())) == 1;
  }
  std::uint8_t* const tag = out + plain.size();
  done = done && EVP_EncryptFinal_ex(context, tag, &length) == 1;
  done = done && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, k_aead_tag_size, tag) == 1;
  WEIR_ASSERT(done, "ChaCha20-Poly1305 did not seal");
}

OpenKey::OpenKey(const SecretKey& key) : context_(EVP_CIPHER_CTX_new()) {
  WEIR_ASSERT(context_ != nullptr, "out of memory");
  const int ready = EVP_DecryptInit_ex2(context_.get(), chacha20_poly1305(), key.bytes().data(),
                                        nullptr, nullptr);
  WEIR_ASSERT(ready == 1, "ChaCha20-Poly1305 took no key");
}

bool OpenKey::open(std::uint64_t counter, ByteView aad, ByteView sealed, std::uint8_t* out) {
  if (sealed.size() < k_aead_tag_size) return false;
  EVP_CIPHER_CTX* const context = context_.get();
  const auto nonce = nonce_of(counter);
  const ByteView text = sealed.first(sealed.size() - k_aead_tag_size);
  // OpenSSL takes the tag through a pointer to non-const and copies it.
  std::array<std::uint8_t, k_aead_tag_size> tag{};
  std::copy_n(sealed.data() + text.size(), tag.size(), tag.begin());
  int length = 0;
  bool done = EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1;
  done =
      done && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, k_aead_tag_size, tag.data()) == 1;
  if (!aad.empty()) {
    done = done && EVP_DecryptUpdate(context, nullptr, &length, aad.data(),
                                     static_cast<int>(aad.size())) == 1;
  }
  if (!text.empty()) {
    done = done && EVP_DecryptUpdate(context, out, &length, text.data(),
                                     static_cast<int>(text.size())) == 1;
  }
  std::array<std::uint8_t, 16> rest{};
  done = done && EVP_DecryptFinal_ex(context, rest.data(), &length) == 1;
  if (!done) forget_openssl_errors();
  return done;
}

void xseal(const SecretKey& key, std::span<const std::uint8_t, k_xnonce_size> nonce, ByteView aad,
           ByteView plain, std::uint8_t* out) {
  SealKey sealer(hchacha20(key, nonce.first<16>()));
  sealer.seal(load_le64(nonce.data() + 16), aad, plain, out);
}

bool xopen(const SecretKey& key, std::span<const std::uint8_t, k_xnonce_size> nonce, ByteView aad,
           ByteView sealed, std::uint8_t* out) {
  OpenKey opener(hchacha20(key, nonce.first<16>()));
  return opener.open(load_le64(nonce.data() + 16), aad, sealed, out);
}

}  // namespace weir
