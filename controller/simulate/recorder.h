#pragma once

#include <cstdint>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/result.h"

namespace weir::controller {

/// Counts. What an interval's observation says is kept apart from what the result says: the
/// observation counts attempts where they ended, the result requests where they began.
class Recorder {
 public:
  explicit Recorder(const Scenario& scenario);

  struct Pair {
    std::uint64_t chosen = 0;  // by the weights
    std::uint64_t sent = 0;
    std::uint64_t ok = 0;
    std::uint64_t errors = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t in_objective = 0;
    std::uint64_t shed = 0;
    double latency_ms = 0;
    std::uint32_t in_flight = 0;  // not reset between intervals
  };
  enum class End : std::uint8_t { ok, error, timeout, shed };

  // Attempts, for the observation.
  void offered(std::size_t source) { ++offered_[source]; }
  void chosen(std::size_t from, std::size_t to) { ++pairs_(from, to).chosen; }
  void sent(std::size_t from, std::size_t to) {
    ++pairs_(from, to).sent;
    ++pairs_(from, to).in_flight;
  }
  void shed(std::size_t from, std::size_t to) { ++pairs_(from, to).shed; }
  void ended(std::size_t from, std::size_t to, End end, Ticks took);
  std::uint32_t in_flight(std::size_t from, std::size_t to) const {
    return pairs_(from, to).in_flight;
  }
  /// What the gateways report for the interval that ends at `now`; starts the next one.
  void report(Ticks now, ServiceObservation& seen);

  // Requests, for the result.
  void began(Ticks begun, bool measured);
  void done(Ticks begun, bool measured, std::size_t from, std::size_t to, End end, Ticks took,
            std::uint32_t attempts);
  void set_control(Ticks now, double churn, bool guarded);
  SimulationResult result() const;

 private:
  IntervalResult& interval_of(Ticks begun);

  const std::size_t regions_;
  const double objective_ms_;
  const std::array<double, k_objectives> objectives_ms_;
  const Ticks interval_;
  const double intervals_per_tick_;
  const std::size_t first_measured_;
  Grid<double> cost_;  // of one request

  std::vector<std::uint64_t> offered_;
  Grid<Pair> pairs_;
  Grid<LatencyHistogram> latencies_;  // of the interval

  std::vector<IntervalResult> intervals_;
  Grid<Counts> totals_;
  Grid<LatencyHistogram> total_latencies_;
  std::uint64_t requests_ = 0;
  std::uint64_t offered_measured_ = 0;
};

}  // namespace weir::controller
