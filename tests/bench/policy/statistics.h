#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "tests/bench/policy/contest.h"

namespace weir::bench {

/// A mean with the interval in which 95 % of the resampled means lie.
struct Estimate {
  double mean = 0;
  double low = 0;
  double high = 0;
};

/// Percentile bootstrap (Efron 1979) over the seeds: all cells are resampled with the same seeds,
/// as the runs under one seed share their random numbers. `value` gives a cell's number for a seed;
/// the statistic is the mean over cells and drawn seeds.
Estimate bootstrap(std::size_t cells, std::size_t seeds,
                   const std::function<double(std::size_t cell, std::size_t seed)>& value);

/// Largest load at which the share is `target`, by straight lines between the loads measured;
/// `loads` rise. NaN when even the first is below; the last when it is not.
double load_at(std::span<const double> loads, std::span<const double> shares, double target);

double mean(std::span<const double> values);
/// Infinite values count as larger than all others; NaN is left out; NaN when nothing is left.
double median(std::vector<double> values);

}  // namespace weir::bench
