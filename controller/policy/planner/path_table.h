#pragma once

#include <cstddef>

#include "common/model/grid.h"
#include "common/model/service_policy.h"

namespace weir::controller {

/// Round-trip times of all pairs as far as they can be known: measured by the agents, else as
/// configured, else from the fastest answers seen.
class PathTable {
 public:
  explicit PathTable(const ServiceSetting& setting);

  /// `service_p50_ms` of each destination: what of a latency the servers took. O(regions^2).
  void observe(const ServiceObservation& seen, std::span<const double> service_p50_ms, double dt_s);

  /// Never unknown: a distant guess before anything was seen of a pair.
  double rtt_ms(std::size_t from, std::size_t to) const { return paths_(from, to).rtt_ms; }
  bool up(std::size_t from, std::size_t to) const { return paths_(from, to).up; }

 private:
  struct Path {
    double rtt_ms = 0;
    bool measured = false;  // by agents, at least once
    bool configured = false;
    bool inferred = false;
    bool up = true;
  };
  Grid<Path> paths_;
};

}  // namespace weir::controller
