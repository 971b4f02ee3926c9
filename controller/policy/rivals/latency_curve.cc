#include "controller/policy/rivals/latency_curve.h"

namespace weir::controller {
namespace {

/// x^k by multiplication: the same bits everywhere, unlike pow.
double power(double x, int k) {
  double result = 1;
  for (int i = 0; i < k; ++i) result *= x;
  return result;
}

}  // namespace

double LatencyCurve::at(double x) const { return a * power(x, k) + b; }

double LatencyCurve::marginal(double x) const { return (k + 1) * a * power(x, k) + b; }

double LatencyCurve::marginal_slope(double x) const { return k * (k + 1) * a * power(x, k - 1); }

void CurveFit::add(double x, double latency_ms, double fade) {
  const double keep = 1 - fade;
  const double z = power(x / full_load_, k_);
  weight_ = weight_ * keep + 1;
  z_ = z_ * keep + z;
  y_ = y_ * keep + latency_ms;
  zz_ = zz_ * keep + z * z;
  zy_ = zy_ * keep + z * latency_ms;
}

LatencyCurve CurveFit::fitted(double idle_ms, double full_load_ms, double prior_weight) const {
  // Half of the prior at z = 0, half at z = 1.
  const double half = prior_weight / 2;
  const double weight = weight_ + prior_weight;
  const double z = z_ + half;
  const double y = y_ + half * (idle_ms + full_load_ms);
  const double zz = zz_ + half;
  const double zy = zy_ + half * full_load_ms;
  const double determinant = weight * zz - z * z;
  double slope = determinant > 1e-12 * weight * zz ? (weight * zy - z * y) / determinant : 0;
  double base = weight > 0 ? (y - slope * z) / weight : idle_ms;
  if (slope < 0) {
    slope = 0;
    base = y / weight;
  } else if (base < 0) {
    base = 0;
    slope = zz > 0 ? zy / zz : 0;
  }
  return {.a = slope / power(full_load_, k_), .b = base, .k = k_};
}

}  // namespace weir::controller
