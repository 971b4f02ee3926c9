#pragma once

#include <cmath>

#include "common/model/service_policy.h"

namespace weir::controller {

/// Weight of a new sample in an exponentially weighted mean when `elapsed` has passed since the
/// last one: 1 - exp(-elapsed / tau). A tau of 0 takes the sample as it is.
inline double sample_weight(double elapsed, double tau) {
  return tau > 0 ? 1 - std::exp(-elapsed / tau) : 1;
}

/// An exponentially weighted mean. Unknown until the first sample, which is taken whole unless
/// there was a start value; unknown samples change nothing.
class Smoothed {
 public:
  Smoothed() = default;
  explicit Smoothed(double start) : value_(start) {}

  void add(double sample, double weight) {
    if (!known(sample)) return;
    value_ = known(value_) ? value_ + weight * (sample - value_) : sample;
  }
  void reset() { value_ = k_unknown; }

  double value() const { return value_; }
  double value_or(double otherwise) const { return known(value_) ? value_ : otherwise; }

 private:
  double value_ = k_unknown;
};

}  // namespace weir::controller
