#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/time.h"

namespace weir {

/// A timestamp as initiations carry it: TAI64N, big-endian, so bytes compare as times do.
using Tai64n = std::array<std::uint8_t, 12>;

/// Makes timestamps that only grow, whatever the wall clock does.
///
/// The nanoseconds lose their low 24 bits (16.8 ms), so that initiations do not tell a precise
/// clock. A peer refuses every timestamp not greater than the greatest it has seen from our key.
/// When the wall clock stands still or has jumped back, the next one is therefore the last plus one
/// step: a clock that was far ahead for a while costs nothing as long as this process lives; over a
/// restart TimestampFloor carries the last one.
class TimestampMaker {
 public:
  static constexpr std::uint64_t k_step_ns = std::uint64_t{1} << 24;

  TimestampMaker() = default;
  /// Starts above everything another maker gave out.
  explicit TimestampMaker(std::uint64_t last_ns) : last_ns_(last_ns) {}

  Tai64n next(WallTime wall);
  /// Whitened nanoseconds since 1970 of the last timestamp; 0 before the first.
  std::uint64_t last_ns() const { return last_ns_; }

 private:
  std::uint64_t last_ns_ = 0;
};

}  // namespace weir
