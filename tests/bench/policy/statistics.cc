#include "tests/bench/policy/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/sim/rng.h"

namespace weir::bench {
namespace {

constexpr int k_resamples = 1000;

}  // namespace

Estimate bootstrap(std::size_t cells, std::size_t seeds,
                   const std::function<double(std::size_t, std::size_t)>& value) {
  if (cells == 0 || seeds == 0) return {};
  std::vector<double> by_seed(seeds, 0);
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    for (std::size_t cell = 0; cell < cells; ++cell) {
      by_seed[seed] += value(cell, seed) / static_cast<double>(cells);
    }
  }
  Rng rng(1);
  std::vector<double> means(k_resamples, 0);
  for (double& resampled : means) {
    for (std::size_t i = 0; i < seeds; ++i) resampled += by_seed[rng.below(seeds)];
    resampled /= static_cast<double>(seeds);
  }
  std::ranges::sort(means);
  return {
      .mean = mean(by_seed), .low = means[k_resamples / 40], .high = means[k_resamples * 39 / 40]};
}

double load_at(std::span<const double> loads, std::span<const double> shares, double target) {
  if (loads.empty() || shares.front() < target) return std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 1; i < loads.size(); ++i) {
    if (shares[i] >= target) continue;
    const double along = (shares[i - 1] - target) / (shares[i - 1] - shares[i]);
    return loads[i - 1] + along * (loads[i] - loads[i - 1]);
  }
  return loads.back();
}

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace weir::bench
