#pragma once

namespace weir::controller {

/// latency(x) = a * x^k + b, milliseconds over requests per second: SLATE's model of a destination.
struct LatencyCurve {
  double a = 0;
  double b = 0;
  int k = 4;

  double at(double x) const;
  /// Of the total delay x * latency(x): what one more request adds, and how that grows.
  double marginal(double x) const;
  double marginal_slope(double x) const;
};

/// Least squares on weighted samples of (requests per second, latency), newest counting most.
///
/// A prior stands for a few samples at no load and at full load, so the curve is there before
/// the first sample and stays put where nothing was ever sent. a and b are never negative.
class CurveFit {
 public:
  /// `full_load` > 0 only scales the sums.
  CurveFit(double full_load, int k) : full_load_(full_load), k_(k) {}

  /// Older samples lose the share `fade` of their weight.
  void add(double x, double latency_ms, double fade);

  /// `prior_weight`: how many of the newest samples the prior, two ends of a curve, counts for.
  LatencyCurve fitted(double idle_ms, double full_load_ms, double prior_weight) const;

  double full_load() const { return full_load_; }

 private:
  const double full_load_;
  const int k_;
  // Weighted sums over z = (x / full load)^k and y = latency.
  double weight_ = 0;
  double z_ = 0;
  double y_ = 0;
  double zz_ = 0;
  double zy_ = 0;
};

}  // namespace weir::controller
