#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace weir::controller {

/// Small arithmetic the planner's parts share. Reports come from other machines: a value that is
/// no number, negative or absurd counts as not known.

inline constexpr double k_absurd = 1e12;
inline constexpr double k_least_chance = 1e-4;  // no estimate is nearer to 0 or 1 than this

inline bool usable(double value) { return value >= 0 && value < k_absurd; }  // false for NaN
inline double usable_or(double value, double otherwise) {
  return usable(value) ? value : otherwise;
}

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }
inline double logit(double chance) {
  const double p = std::clamp(chance, k_least_chance, 1 - k_least_chance);
  return std::log(p / (1 - p));
}

/// P(Z > x) of a standard normal Z.
inline double normal_tail(double x) { return 0.5 * std::erfc(x / std::numbers::sqrt2); }

/// How far an average with time constant `tau_s` moves to a new value after `dt_s`.
inline double gain_of(double dt_s, double tau_s) {
  return tau_s > 0 ? 1 - std::exp(-dt_s / tau_s) : 1;
}

}  // namespace weir::controller
