#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "common/model/service_policy.h"

namespace weir::controller {

/// A destination's capacity from what its servers say: answers per second divided by the share of
/// their workers that was busy. Reports may come some intervals late: the delay is taken at which
/// throughput and utilization have agreed best so far. O(1).
class ReportedCapacity {
 public:
  struct Seen {
    double log_capacity = 0;
    double variance = 0;  // of it
  };

  /// `worked_rps`: answers that cost the servers work. `doubt`: the relative error of the reports
  /// when they are good. nullopt: nothing usable was reported.
  std::optional<Seen> observe(double worked_rps, const ServersSeen& servers, double workers_known,
                              double dt_s, double doubt);

  /// Intervals the reports seem to lag behind.
  std::size_t lag() const { return lag_; }

 private:
  static constexpr std::size_t k_lags = 4;
  std::array<double, k_lags> rates_{};     // answers per second, newest first
  std::array<double, k_lags> previous_{};  // log capacity by lag, an interval ago
  std::array<double, k_lags> unrest_{};    // mean squared change of it
  std::size_t seen_ = 0;
  std::size_t lag_ = 0;
};

}  // namespace weir::controller
