#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::controller {

/// What a server remembers to answer probes: the time its last requests took, with how many were
/// there when they came, and the median of those near a number in flight (Wydrowski et al., "Load
/// is not what you should balance: introducing Prequal", 2024, section 4). 32 answers; near are the
/// 9 closest, the later ones first among the equally close.
class RecentAnswers {
 public:
  void add(std::uint32_t in_flight, double latency_ms);
  /// 0 when nothing was answered yet. O(answers).
  double near(std::uint32_t in_flight) const;

 private:
  static constexpr std::size_t k_kept = 32;
  static constexpr std::size_t k_near = 9;
  struct Answer {
    std::uint32_t in_flight = 0;
    float latency_ms = 0;
  };
  std::array<Answer, k_kept> answers_{};
  std::uint32_t count_ = 0;
};

}  // namespace weir::controller
