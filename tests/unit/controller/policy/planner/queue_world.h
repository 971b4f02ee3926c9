#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "common/model/service_policy.h"
#include "common/sim/rng.h"

namespace weir {

/// A small world for a policy: each region is one queue with its workers, first come first served,
/// log-normal service, Poisson demand, fixed round trips. Seeded. What it leaves out (endpoints,
/// retries, health, late reports) the real simulator has.
class QueueWorld {
 public:
  struct Region {
    double workers = 10;
    double service_ms = 40;  // mean
    double spread = 0.5;     // deviation of its logarithm
    double demand_rps = 100;
    double failing = 0;   // share answered at once with an error
    bool silent = false;  // answers nothing at all
    bool lies = false;    // reports nearly idle servers whatever happens
  };

  QueueWorld(std::vector<Region> regions, Grid<double> rtt_ms, double slo_ms, std::uint64_t seed);

  /// A setting that fits: everything allowed, rtt known, nothing declared.
  ServiceSetting setting() const;

  Region& region(std::size_t i) { return regions_[i]; }
  void report_servers(bool on) { report_servers_ = on; }
  void report_in_flight(bool on) { report_in_flight_ = on; }

  /// One interval of a second under these shares; what the policy then sees.
  ServiceObservation run(const Grid<double>& shares, const std::vector<double>& shed);

  double offered() const { return offered_; }
  double in_slo() const { return in_slo_; }
  void forget() { offered_ = in_slo_ = 0; }

 private:
  struct Ending {
    double t_ms = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    double latency_ms = 0;
    bool ok = false;
    friend bool operator>(const Ending& a, const Ending& b) { return a.t_ms > b.t_ms; }
  };
  struct Arrival {
    double t_ms = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
  };

  void arrive(const Arrival& arrival, ServiceObservation& seen);

  std::vector<Region> regions_;
  const Grid<double> rtt_ms_;
  const double slo_ms_;
  Rng rng_;
  double now_ms_ = 0;
  bool report_servers_ = true;
  bool report_in_flight_ = true;
  std::vector<std::priority_queue<double, std::vector<double>, std::greater<>>> free_at_;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> endings_;
  Grid<double> in_flight_;
  std::vector<double> busy_ms_;
  double offered_ = 0;
  double in_slo_ = 0;
};

}  // namespace weir
