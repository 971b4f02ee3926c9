#include "common/offload/checksum.h"

#include <cstring>

namespace weir {
namespace {

/// Written so that compilers make vectors of it: four lanes of 32-bit words into 64-bit sums.
[[gnu::always_inline]] inline std::uint64_t add_words(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t sum = 0;
  const std::size_t words = size / 4;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes + 4 * i, 4);
    sum += word;
  }
  std::uint8_t rest[4] = {0, 0, 0, 0};
  std::memcpy(rest, bytes + 4 * words, size % 4);
  std::uint32_t last = 0;
  std::memcpy(&last, rest, 4);
  return sum + last;
}

std::uint64_t add_words_anywhere(const std::uint8_t* bytes, std::size_t size) {
  return add_words(bytes, size);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::uint64_t add_words_avx2(const std::uint8_t* bytes, std::size_t size) {
  return add_words(bytes, size);
}
const auto g_add_words = __builtin_cpu_supports("avx2") ? add_words_avx2 : add_words_anywhere;
#else
constexpr auto g_add_words = add_words_anywhere;
#endif

}  // namespace

std::uint64_t checksum_add(ByteView bytes, std::uint64_t sum) {
  if (bytes.empty()) return sum;
  return sum + g_add_words(bytes.data(), bytes.size());
}

}  // namespace weir
