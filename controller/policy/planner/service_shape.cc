#include "controller/policy/planner/service_shape.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_z90 = 1.2815515655446004;
constexpr double k_z99 = 2.3263478740408408;
constexpr double k_least_ms = 0.05;
constexpr double k_left_spread = 0.7;  // log deviation below the median, at most

// Slices of 0.1 up to 0.8, then 0.08, 0.06, 0.03, 0.015, 0.01, 0.005; the normal quantile of the
// middle of each.
constexpr std::array<double, ServiceShape::k_points> k_weights = {
    0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.08, 0.06, 0.03, 0.015, 0.01, 0.005};
constexpr std::array<double, ServiceShape::k_points> k_middles = {
    -1.64485, -1.03643, -0.67449, -0.38532, -0.12566, 0.12566, 0.38532,
    0.67449,  0.99446,  1.34076,  1.69540,  2.00465,  2.32635, 2.80703};

}  // namespace

const std::array<double, ServiceShape::k_points>& ServiceShape::point_weights() {
  return k_weights;
}

ServiceShape::ServiceShape(double median_ms)
    : quantiles_{median_ms, median_ms * 2.0, median_ms * 3.5}, points_{} {
  refresh();
}

void ServiceShape::learn(double p50_ms, double p90_ms, double p99_ms, double gain) {
  if (!usable(p50_ms)) return;
  const double step = std::log(std::max(p50_ms, k_least_ms) / quantiles_[0]);
  const std::array<double, 3> seen = {p50_ms, p90_ms, p99_ms};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double move =
        usable(seen[i]) ? std::log(std::max(seen[i], k_least_ms) / quantiles_[i]) : step;
    quantiles_[i] *= std::exp(gain * move);
  }
  quantiles_[1] = std::max(quantiles_[1], quantiles_[0] * 1.001);
  quantiles_[2] = std::max(quantiles_[2], quantiles_[1] * 1.001);
  refresh();
}

void ServiceShape::refresh() {
  const double middle = std::log(quantiles_[0]);
  const double near = std::log(quantiles_[1] / quantiles_[0]) / k_z90;
  const double far = std::log(quantiles_[2] / quantiles_[1]) / (k_z99 - k_z90);
  const double left = std::min(near, k_left_spread);
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < k_points; ++i) {
    const double z = k_middles[i];
    const double above = std::max(0.0, z - k_z90);
    const double log_ms = middle + (z < 0 ? left * z : near * (z - above) + far * above);
    points_[i] = std::exp(log_ms);
    sum += k_weights[i] * points_[i];
    squares += k_weights[i] * points_[i] * points_[i];
  }
  mean_ = sum;
  variability_ = std::clamp(squares / (sum * sum) - 1, 0.0, 25.0);
}

}  // namespace weir::controller
