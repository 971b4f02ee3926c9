#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/sim/rng.h"

namespace weir {

/// Two different numbers below `count` (at least 2), each pair as likely as any other.
inline std::pair<std::size_t, std::size_t> draw_two(std::size_t count, Rng& rng) {
  const std::uint64_t first = rng.below(count);
  std::uint64_t second = rng.below(count - 1);
  if (second >= first) ++second;
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(second)};
}

/// Which of `count` (at least 1) servers gets a request: the one with less in flight of two drawn
/// at random, the first drawn when they are even. `in_flight` gives the number by index.
/// (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.) O(1).
template <typename InFlight>
std::size_t less_busy_of_two(std::size_t count, Rng& rng, InFlight in_flight) {
  if (count == 1) return 0;
  const auto [first, second] = draw_two(count, rng);
  return in_flight(second) < in_flight(first) ? second : first;
}

}  // namespace weir
