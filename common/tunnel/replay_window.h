#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir {

/// Remembers which of the latest counters were seen (RFC 6479): a ring of 8192 bits in words, of
/// which one word is always being refilled, so a counter up to 8128 behind the greatest is judged.
/// Asked only after the packet proved authentic. 1 KB; a few nanoseconds.
class ReplayWindow {
 public:
  static constexpr std::uint64_t k_bits = 8192;
  static constexpr std::uint64_t k_reach = k_bits - 64;

  /// True, and from then on false, for a counter not seen before and not too far behind.
  [[nodiscard]] bool accept(std::uint64_t counter) {
    const std::uint64_t word = counter / 64;
    if (counter > greatest_) {
      const std::uint64_t newest = greatest_ / 64;
      const std::uint64_t fresh = std::min(word - newest, k_words);
      for (std::uint64_t i = 1; i <= fresh; ++i) seen_[(newest + i) % k_words] = 0;
      greatest_ = counter;
    } else if (greatest_ - counter >= k_reach) {
      return false;
    }
    std::uint64_t& bits = seen_[word % k_words];
    const std::uint64_t bit = std::uint64_t{1} << (counter % 64);
    const bool fresh = (bits & bit) == 0;
    bits |= bit;
    return fresh;
  }

 private:
  static constexpr std::uint64_t k_words = k_bits / 64;

  std::uint64_t greatest_ = 0;
  std::array<std::uint64_t, k_words> seen_{};
};

}  // namespace weir
