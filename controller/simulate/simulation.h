#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/request_policy.h"
#include "common/model/service_policy.h"
#include "controller/simulate/result.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// What is really so at one moment, for a policy that may know (an oracle) and for tests.
struct Truth {
  struct Region {
    double running = 0;      // servers that answer
    double believed_up = 0;  // by their agent
    double workers = 0;      // of those that answer
    double service_rps = 0;  // requests a second those finish when all workers are busy
    double in_flight = 0;
    double waiting = 0;
    double error_share = 0;
  };
  double t_ms = 0;
  std::vector<Region> regions;
  std::vector<double> demand_rps;  // by source, bursts aside
  Grid<double> rtt_ms;
  Grid<double> loss;       // one way; 1: cut
  double service_ms = 0;   // mean at full speed
  double service_cv2 = 0;  // squared coefficient of variation
};

/// How the guards treat a policy; what is not set is as the scenario says.
struct SimulationOptions {
  std::optional<double> min_share = std::nullopt;
  std::optional<double> max_step = std::nullopt;  // 1: no limit
  /// The first weights; empty: the scenario's static ones.
  Grid<double> first_shares = {};
  /// Whether a policy's limits on requests in flight count; without, only its weights do.
  bool limits = true;
};

/// One service of one mesh, event by event.
///
/// The same scenario, seed and wishes give the same trace, to the bit. Arrivals, the work of each
/// request and the bits that decide over its trips are drawn by source and in order of arrival, so
/// that two policies under one seed meet the same requests (common random numbers).
///
///   Simulation simulation(scenario, 7);
///   while (simulation.advance()) simulation.wish(policy.observe(simulation.seen()));
///   const SimulationResult result = simulation.finish();
///
///   cost    100 to 200 ns an event, about four events a request; memory about 1 MiB and 80 B for
///           each request in flight
///   thread  any one at a time
class Simulation {
 public:
  /// `scenario` passes `check`. With `by_request` that policy chooses for each request, and wishes
  /// do not count; it outlives the simulation.
  explicit Simulation(Scenario scenario, std::uint64_t seed, SimulationOptions options = {},
                      RequestPolicy* by_request = nullptr);
  Simulation(Simulation&&) noexcept;
  Simulation& operator=(Simulation&&) noexcept;
  ~Simulation();

  const Scenario& scenario() const;
  /// What a policy is told before it starts.
  ServiceSetting setting() const { return setting_of(scenario()); }

  /// Simulates one interval. False, with nothing done, once the duration has passed.
  bool advance();
  double now_ms() const;
  /// What the controller knows at the end of the interval: late, missing and untrue as the
  /// scenario says.
  const ServiceObservation& seen() const;
  Truth truth() const;

  /// Sends the wish through the guards (`common/routing/safe_set.h`, source by source); the
  /// resulting weights are in force `publish_ms` later.
  void wish(const ServiceWish& wish);
  /// The shares in force, by source.
  Grid<double> shares() const;

  /// Lets every open request end and gives the result. Once, after the last interval.
  SimulationResult finish();
  /// What counts so far; requests still open are offered, and nothing else.
  SimulationResult so_far() const;

 private:
  class World;
  std::unique_ptr<World> world_;
};

/// One whole run.
SimulationResult run(const Scenario& scenario, std::uint64_t seed, ServicePolicy& policy,
                     const SimulationOptions& options = {});
SimulationResult run(const Scenario& scenario, std::uint64_t seed, RequestPolicy& policy);

}  // namespace weir::controller
