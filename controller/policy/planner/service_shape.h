#pragma once

#include <array>
#include <cstddef>

#include "common/model/service_policy.h"

namespace weir::controller {

/// How long a destination's servers take for a request that does not wait: a distribution given by
/// its median, 90th and 99th percentile, log-normal between and beyond them. All in milliseconds.
class ServiceShape {
 public:
  static constexpr std::size_t k_points = 14;
  /// The share of requests each of `points()` stands for; they sum to 1.
  static const std::array<double, k_points>& point_weights();

  /// Nothing seen yet: median `median_ms`, coefficient of variation about 0.6.
  explicit ServiceShape(double median_ms);

  /// Moves by `gain` (0 to 1) towards what was seen; unknown percentiles follow the median's move.
  void learn(double p50_ms, double p90_ms, double p99_ms, double gain);

  double mean_ms() const { return mean_; }
  /// Squared coefficient of variation.
  double variability() const { return variability_; }
  double p50_ms() const { return quantiles_[0]; }
  double p90_ms() const { return quantiles_[1]; }
  double p99_ms() const { return quantiles_[2]; }
  /// Quantiles in the middle of equal and, towards the tail, ever thinner slices.
  const std::array<double, k_points>& points() const { return points_; }

 private:
  void refresh();

  std::array<double, 3> quantiles_;
  std::array<double, k_points> points_;
  double mean_ = 0;
  double variability_ = 0;
};

}  // namespace weir::controller
