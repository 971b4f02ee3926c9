#include <algorithm>
#include <bit>

#include "common/crypto/aead.h"

namespace weir {
namespace {

using Words = std::array<std::uint32_t, 16>;

void quarter_round(Words& x, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 7);
}

}  // namespace

SecretKey hchacha20(const SecretKey& key, std::span<const std::uint8_t, 16> input) {
  // "expand 32-byte k", then the key, then the input: RFC 8439 section 2.3 with 16 bytes in place
  // of counter and nonce.
  Words x{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (std::size_t i = 0; i < 8; ++i) x[4 + i] = load_le32(key.bytes().data() + 4 * i);
  for (std::size_t i = 0; i < 4; ++i) x[12 + i] = load_le32(input.data() + 4 * i);
  for (int round = 0; round < 10; ++round) {
    quarter_round(x, 0, 4, 8, 12);
    quarter_round(x, 1, 5, 9, 13);
    quarter_round(x, 2, 6, 10, 14);
    quarter_round(x, 3, 7, 11, 15);
    quarter_round(x, 0, 5, 10, 15);
    quarter_round(x, 1, 6, 11, 12);
    quarter_round(x, 2, 7, 8, 13);
    quarter_round(x, 3, 4, 9, 14);
  }
  SecretKey derived;
  std::uint8_t* const out = derived.writable().data();
  for (std::size_t i = 0; i < 4; ++i) {
    store_le32(out + 4 * i, x[i]);
    store_le32(out + 16 + 4 * i, x[12 + i]);
  }
  wipe({reinterpret_cast<std::uint8_t*>(x.data()), sizeof(x)});
  return derived;
}

}  // namespace weir
