#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace weir {

/// Round trips counted on a fixed ladder, with their sum: what can be added up over paths and time.
/// Small enough to travel with every report of a path. O(1) per record.
struct RttHistogram {
  /// Upper bounds in seconds, each inclusive.
  static constexpr std::array<double, 15> k_bounds = {
      0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1};

  std::array<std::uint64_t, k_bounds.size() + 1> counts{};  // the last: above every bound
  double sum_s = 0;

  void record(std::chrono::nanoseconds round_trip) {
    const double seconds = std::chrono::duration<double>(round_trip).count();
    const auto* bound = std::ranges::lower_bound(k_bounds, seconds);
    ++counts[static_cast<std::size_t>(bound - k_bounds.begin())];
    sum_s += seconds;
  }
};

}  // namespace weir
