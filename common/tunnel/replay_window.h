#pragma once

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
  [[nodiscard]] bool accept(std::uint64_t counter);

 private:
  static constexpr std::uint64_t k_words = k_bits / 64;

  std::uint64_t greatest_ = 0;
  std::array<std::uint64_t, k_words> seen_{};
};

}  // namespace weir
