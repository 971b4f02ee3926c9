#pragma once

#include <string>

#include "controller/simulate/scenario.h"
#include "controller/simulate/simulation.h"

namespace weir::controller {

/// One region that serves itself: `endpoints` x `workers`, service times of this shape with a mean
/// of 10 ms, `load` of what they can do, no trips to speak of, no limits in the way.
inline Scenario one_region(std::uint32_t endpoints, std::uint32_t workers, double load,
                           Distribution::Kind kind = Distribution::Kind::exponential) {
  Scenario scenario;
  scenario.name = "one region";
  scenario.duration_ms = 600'000;
  scenario.warm_up_ms = 20'000;
  scenario.regions = {RegionName("here")};
  scenario.paths = Grid<PathSpec>(1, 1, {.rtt_ms = 0.001});
  scenario.servers = {{.endpoints = endpoints, .workers = workers}};
  scenario.model.time = {.kind = kind, .mean = 10};
  scenario.model.queue_limit = 100'000;
  scenario.model.request_timeout_ms = 600'000;
  scenario.demand = {{.rps = load * capacity_rps(scenario)}};
  return scenario;
}

/// Three regions, 40 ms and more apart, each with 4 endpoints x 4 workers and 20 ms a request
/// (800 requests a second), each asked for `load` of that.
inline Scenario three_regions(double load) {
  Scenario scenario;
  scenario.name = "three regions";
  scenario.duration_ms = 60'000;
  scenario.warm_up_ms = 10'000;
  scenario.regions = {RegionName("us"), RegionName("eu"), RegionName("ap")};
  scenario.paths = Grid<PathSpec>(3, 3, {.rtt_ms = 1});
  const auto between = [&](std::size_t a, std::size_t b, double rtt_ms) {
    scenario.paths(a, b).rtt_ms = scenario.paths(b, a).rtt_ms = rtt_ms;
    scenario.paths(a, b).cost_per_gb = scenario.paths(b, a).cost_per_gb = 0.02;
  };
  between(0, 1, 40);
  between(0, 2, 80);
  between(1, 2, 120);
  scenario.servers.assign(3, {.endpoints = 4, .workers = 4, .declared_rps = 700});
  scenario.model.time = {.kind = Distribution::Kind::lognormal, .mean = 20};
  scenario.model.kb_per_request = 10;
  scenario.demand.assign(3, {.rps = load * 800});
  scenario.objectives_ms = {100, 150, 250};
  return scenario;
}

/// The same shares for ever.
class FixedPolicy final : public ServicePolicy {
 public:
  explicit FixedPolicy(Grid<double> shares) : shares_(std::move(shares)) {}
  std::string_view name() const override { return "fixed"; }
  ServiceWish observe(const ServiceObservation& /*seen*/) override {
    return {.shares = shares_, .shed = {}, .why = {}, .expected_in_slo = {}};
  }

 private:
  Grid<double> shares_;
};

inline FixedPolicy local_only(std::size_t regions) {
  Grid<double> shares(regions, regions);
  for (std::size_t i = 0; i < regions; ++i) shares(i, i) = 1;
  return FixedPolicy(std::move(shares));
}

inline FixedPolicy static_weights(const Scenario& scenario) {
  return FixedPolicy(setting_of(scenario).static_weights);
}

}  // namespace weir::controller
