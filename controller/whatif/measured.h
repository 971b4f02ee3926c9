#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/model/grid.h"
#include "common/model/histogram.h"
#include "common/model/service_policy.h"

namespace weir::controller {

/// Sums over some intervals of observations, whoever made them: agents or a simulation. Both are
/// read the same way, so that what is lost between two quantiles is lost on both sides.
struct Measured {
  double seconds = 0;
  double ended = 0;
  double in_slo = 0;
  double failed = 0;            // errors and timeouts
  std::vector<double> offered;  // requests a second by source; unknown where nobody told
  Grid<double> sent;            // requests by pair
  LatencyHistogram latency;     // of what ended ok
  /// By destination, the round trip taken off.
  std::vector<LatencyHistogram> at_region;

  double in_objective() const { return ended > 0 ? in_slo / ended : 1; }
  double failed_share() const { return ended > 0 ? failed / ended : 0; }
};

/// `rtt_ms` by pair. O(intervals * regions^2).
Measured measure(std::span<const ServiceObservation> seen, double interval_ms,
                 const Grid<double>& rtt_ms);

/// Each source's part of its requests by destination; a row of zeros where there were none.
Grid<double> shares_of(const Grid<double>& sent);

double quantile_ms(const LatencyHistogram& latency, double share);

}  // namespace weir::controller
