#include "common/crypto/blake2s.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

#include "common/base/assert.h"

namespace weir {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

const EVP_MD* blake2s_256() {
  static EVP_MD* const digest = EVP_MD_fetch(nullptr, "BLAKE2S-256", nullptr);
  WEIR_ASSERT(digest != nullptr, "OpenSSL has no BLAKE2s");
  return digest;
}

EVP_MAC* blake2s_keyed() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "BLAKE2SMAC", nullptr);
  WEIR_ASSERT(mac != nullptr, "OpenSSL has no keyed BLAKE2s");
  return mac;
}

/// One context a thread: OpenSSL wipes the state in it when a hash is finished.
EVP_MD_CTX* digest_context() {
  static thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  WEIR_ASSERT(context != nullptr, "out of memory");
  return context.get();
}

}  // namespace

SecretKey blake2s(ByteParts parts) {
  EVP_MD_CTX* const context = digest_context();
  bool done = EVP_DigestInit_ex2(context, blake2s_256(), nullptr) == 1;
  for (const ByteView part : parts) {
    done = done && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  SecretKey digest;
  unsigned length = 0;
  done = done && EVP_DigestFinal_ex(context, digest.writable().data(), &length) == 1;
  WEIR_ASSERT(done && length == SecretKey::k_size, "BLAKE2s gave no digest");
  return digest;
}

void blake2s_mac(ByteView key, ByteParts parts, ByteSpan out) {
  // The context keeps the key, so it lives no longer than the call; freeing it wipes it.
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(blake2s_keyed()));
  WEIR_ASSERT(context != nullptr, "out of memory");
  std::size_t length = out.size();
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &length), OSSL_PARAM_construct_end()};
  bool done = EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()) == 1;
  for (const ByteView part : parts) {
    done = done && EVP_MAC_update(context.get(), part.data(), part.size()) == 1;
  }
  done = done && EVP_MAC_final(context.get(), out.data(), &length, out.size()) == 1;
  WEIR_ASSERT(done && length == out.size(), "keyed BLAKE2s gave no tag");
}

SecretKey blake2s_hmac(ByteView key, ByteParts parts) {
  static constexpr std::size_t k_block = 64;
  std::array<std::uint8_t, k_block> pad{};
  if (key.size() > k_block) {
    const SecretKey shorter = blake2s({key});
    std::ranges::copy(shorter.bytes(), pad.begin());
  } else {
    std::ranges::copy(key, pad.begin());
  }
  for (std::uint8_t& byte : pad) byte ^= 0x36;
  EVP_MD_CTX* const context = digest_context();
  bool done = EVP_DigestInit_ex2(context, blake2s_256(), nullptr) == 1 &&
              EVP_DigestUpdate(context, pad.data(), pad.size()) == 1;
  for (const ByteView part : parts) {
    done = done && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  SecretKey inner;
  done = done && EVP_DigestFinal_ex(context, inner.writable().data(), nullptr) == 1;
  WEIR_ASSERT(done, "BLAKE2s gave no digest");
  for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
  SecretKey tag = blake2s({pad, inner.bytes()});
  wipe(pad);
  return tag;
}

void blake2s_kdf(const SecretKey& key, ByteView input, std::initializer_list<SecretKey*> outputs) {
  // `key` or `input` may be one of the outputs: both are read before the first is written.
  const SecretKey extracted = blake2s_hmac(key.bytes(), {input});
  SecretKey last;
  std::uint8_t number = 0;
  for (SecretKey* const output : outputs) {
    const ByteView before = number == 0 ? ByteView() : ByteView(last.bytes());
    ++number;
    last = blake2s_hmac(extracted.bytes(), {before, ByteView(&number, 1)});
    *output = last;
  }
}

}  // namespace weir
