#include "controller/policy/planner/demand_forecast.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_dispersion_tau_s = 20;
constexpr double k_most_dispersion = 200;
constexpr double k_patience = 0.25;  // exponent of the dispersion: bursts are gone when planned for
constexpr double k_jump = 5;         // standard deviations

}  // namespace

void DemandForecast::observe(double rate, double dt_s) {
  if (!usable(rate)) {
    trend_ = 0;
    return;
  }
  if (!seen_) {
    seen_ = true;
    level_ = rate;
    return;
  }
  const double expected = std::max(0.0, level_ + trend_ * dt_s);
  const double miss = rate - expected;
  const double variance = std::max(expected, 1.0) / dt_s;  // of a Poisson count, as a rate
  const double ratio = std::min(miss * miss / variance, k_most_dispersion);
  const double unrest = std::max(1.0, dispersion_);
  const double noise = std::sqrt(variance * unrest);
  const double patience = std::pow(unrest, k_patience);
  dispersion_ += gain_of(dt_s, k_dispersion_tau_s) * (ratio - dispersion_);
  dispersion_ = std::clamp(dispersion_, 0.5, k_most_dispersion);

  const bool jumped = std::abs(miss) > k_jump * noise;
  const double gain = jumped ? 1 : gain_of(dt_s, options_.tau_s * patience);
  level_ = std::max(0.0, expected + gain * miss);
  // A jump is a step until the next interval shows that it goes on.
  trend_ = jumped ? 0 : trend_ + gain * options_.trend_gain / patience * (miss * gain / dt_s);
}

double DemandForecast::rate(double ahead_s) const {
  return std::clamp(level_ + trend_ * ahead_s, 0.0, 2 * level_);
}

}  // namespace weir::controller
