#include "common/crypto/keys.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace weir {

void wipe(ByteSpan bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretKey::SecretKey(std::span<const std::uint8_t, k_size> bytes) {
  std::ranges::copy(bytes, bytes_.begin());
}

bool SecretKey::is_zero() const {
  static constexpr std::array<std::uint8_t, k_size> k_zero{};
  return equal_in_constant_time(bytes_, k_zero);
}

}  // namespace weir
