#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/model/grid.h"
#include "common/model/histogram.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// What became of requests, each counted once, by what its client got in the end:
/// offered = ok + errors + timeouts + shed once all have ended.
struct Counts {
  std::uint64_t offered = 0;
  std::uint64_t ok = 0;
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t shed = 0;
  std::uint64_t retries = 0;  // attempts after the first
  std::uint64_t remote = 0;   // ended in another region than they began
  std::array<std::uint64_t, k_objectives>
      in_objective{};     // ok and in time, the retries' time included
  double latency_ms = 0;  // sum over what ended ok
  double cost = 0;        // of the bytes between regions

  void add(const Counts& other);
  /// Share of the offered requests answered within an objective; 1 when none was offered.
  double share_in(std::size_t objective) const;
  double mean_latency_ms() const { return ok == 0 ? 0 : latency_ms / static_cast<double>(ok); }
  friend bool operator==(const Counts&, const Counts&) = default;
};

/// The requests that began in one interval.
struct IntervalResult {
  double t_ms = 0;  // its end
  Counts counts;
  double churn = 0;      // half the sum of how far the shares moved, mean over sources
  bool guarded = false;  // a guard changed the wish
};

struct SimulationResult {
  std::string scenario;
  std::string policy;
  std::uint64_t seed = 0;
  std::array<double, k_objectives> objectives_ms{};

  Counts total;  // of what began after the warm-up
  Grid<Counts> pairs;
  Grid<LatencyHistogram> pair_latency;  // of what ended ok
  LatencyHistogram latency;
  std::vector<IntervalResult> intervals;  // all, the warm-up too
  std::size_t first_measured = 0;         // index of the first interval after the warm-up
  double churn = 0;                       // mean per measured interval
  double guarded_share = 0;               // of the measured intervals

  std::uint64_t events = 0;    // taken from the queue
  std::uint64_t requests = 0;  // that began
  std::uint64_t trace = 0;     // hash over time and kind of every event
};

}  // namespace weir::controller
