#include "controller/simulate/distribution.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

namespace weir::controller {
namespace {

/// The last quantile of the table: beyond it nothing is ever drawn.
constexpr double k_end = 1 - 0x1.0p-25;

double normal_share_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// The inverse of the above, by halving: exact enough, and the same on every machine.
double normal_quantile(double share) {
  if (share > 0.5) return -normal_quantile(1 - share);
  double low = -40;
  double high = 0;
  for (int round = 0; round < 60; ++round) {
    const double middle = std::midpoint(low, high);
    (normal_share_below(middle) < share ? low : high) = middle;
  }
  return std::midpoint(low, high);
}

/// Of mean 1.
double lognormal_quantile(double share, double cv) {
  if (share <= 0) return 0;
  const double variance = std::log1p(cv * cv);
  return std::exp(std::sqrt(variance) * normal_quantile(share) - variance / 2);
}

double empirical_quantile(double share, const std::vector<double>& sorted) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto index = static_cast<std::size_t>(place);
  const double next = sorted[std::min(index + 1, sorted.size() - 1)];
  return std::lerp(sorted[index], next, place - static_cast<double>(index));
}

/// Both humps have a little width of their own; each takes its part of the unit interval.
double bimodal_quantile(double share, const Distribution& d) {
  constexpr double k_hump_cv = 0.1;
  const double fast_share = 1 - d.slow_share;
  if (share < fast_share) return lognormal_quantile(share / fast_share, k_hump_cv);
  return d.slow_factor * lognormal_quantile((share - fast_share) / d.slow_share, k_hump_cv);
}

/// A distribution of this shape on any scale.
std::function<double(double)> quantile_of(const Distribution& d) {
  switch (d.kind) {
    case Distribution::Kind::constant:
      return [](double) { return 1.0; };
    case Distribution::Kind::exponential:
      return [](double share) { return -std::log1p(-share); };
    case Distribution::Kind::lognormal:
      return [cv = d.cv](double share) { return lognormal_quantile(share, cv); };
    case Distribution::Kind::pareto:
      return [shape = d.shape](double share) { return std::pow(1 - share, -1 / shape); };
    case Distribution::Kind::bimodal:
      return [d](double share) { return bimodal_quantile(share, d); };
    case Distribution::Kind::empirical: {
      std::vector<double> sorted = d.values;
      std::ranges::sort(sorted);
      return
          [sorted = std::move(sorted)](double share) { return empirical_quantile(share, sorted); };
    }
  }
  return [](double) { return 1.0; };
}

bool positive(double value) { return std::isfinite(value) && value > 0; }

}  // namespace

std::string complaint(const Distribution& d) {
  if (!positive(d.mean)) return "mean must be above 0";
  const bool spread = d.kind == Distribution::Kind::lognormal;
  if (spread && !(positive(d.cv) && d.cv <= 10)) return "cv must be above 0 and at most 10";
  if (d.kind == Distribution::Kind::pareto && !(d.shape > 1.05 && d.shape <= 100)) {
    return "shape must be above 1.05, for a mean to exist, and at most 100";
  }
  if (d.kind == Distribution::Kind::bimodal) {
    if (!(d.slow_share > 0 && d.slow_share < 1)) return "slow_share must lie between 0 and 1";
    if (!(d.slow_factor >= 1 && d.slow_factor <= 1000)) {
      return "slow_factor must lie between 1 and 1000";
    }
  }
  if (d.kind == Distribution::Kind::empirical) {
    const auto usable = [](double value) { return std::isfinite(value) && value >= 0; };
    if (d.values.empty() || !std::ranges::all_of(d.values, usable)) {
      return "values must be at least one finite number from 0 up";
    }
    if (!positive(*std::ranges::max_element(d.values))) return "one value must be above 0";
  }
  return "";
}

double Sampler::quantile(double share) const {
  if (share >= 1) return values_.back();
  return at(static_cast<std::uint64_t>(std::max(0.0, share) * 0x1.0p64));
}

Sampler::Sampler(const Distribution& distribution) : mean_(distribution.mean) {
  const auto quantile = quantile_of(distribution);
  double begin = 0;
  double width = 1.0 / k_cells;
  double mean = 0;
  double square = 0;
  for (int level = 0; level < k_levels; ++level) {
    double* edges = values_.data() + static_cast<std::size_t>(level) * (k_cells + 1);
    for (std::uint64_t cell = 0; cell <= k_cells; ++cell) {
      edges[cell] = quantile(std::min(begin + static_cast<double>(cell) * width, k_end));
    }
    const bool last = level + 1 == k_levels;
    for (std::uint64_t cell = 0; cell < k_cells - (last ? 0 : 1); ++cell) {
      const double low = edges[cell];
      const double high = edges[cell + 1];
      mean += width * (low + high) / 2;
      square += width * (low * low + low * high + high * high) / 3;
    }
    begin += static_cast<double>(k_cells - 1) * width;
    width /= k_cells;
  }
  for (double& value : values_) value *= mean_ / mean;
  cv2_ = square / (mean * mean) - 1;
}

}  // namespace weir::controller
