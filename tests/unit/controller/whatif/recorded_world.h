#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "controller/simulate/simulation.h"
#include "controller/whatif/what_if.h"

namespace weir::controller {

/// A world whose truth is known: three regions, 40, 80 and 120 ms apart, 4 endpoints x 4 workers
/// each. `load` is the demand of each source over what a region can do.
inline Scenario known_world(double load, Distribution time = {.mean = 20}) {
  Scenario s;
  s.name = "truth";
  s.duration_ms = 150'000;
  s.warm_up_ms = 0;
  s.regions = {RegionName("us"), RegionName("eu"), RegionName("ap")};
  s.paths = Grid<PathSpec>(3, 3, {.rtt_ms = 0.5});
  const auto between = [&](std::size_t a, std::size_t b, double rtt_ms) {
    s.paths(a, b).rtt_ms = s.paths(b, a).rtt_ms = rtt_ms;
  };
  between(0, 1, 40);
  between(0, 2, 80);
  between(1, 2, 120);
  const double full = 16 * 1000 / time.mean;
  s.servers.assign(3, {.endpoints = 4, .workers = 4, .declared_rps = full});
  s.model.time = std::move(time);
  s.demand.assign(3, {.rps = load * full});
  s.objectives_ms = {150, 150, 150};
  s.max_step = 1;
  return s;
}

/// What a controller has seen of it while the configured weights held: nothing that servers say of
/// themselves but how many there are.
inline std::vector<ServiceObservation> recording_of(const Scenario& world, std::uint64_t seed) {
  Simulation simulation(world, seed);
  std::vector<ServiceObservation> seen;
  while (simulation.advance()) {
    ServiceObservation one = simulation.seen();
    for (ServersSeen& servers : one.servers) servers.utilization = servers.queue = k_unknown;
    one.in_force = simulation.shares();
    if (simulation.now_ms() > 10'000) seen.push_back(std::move(one));
  }
  return seen;
}

inline ServiceSetting told_of(const Scenario& world) {
  ServiceSetting setting = setting_of(world);
  for (ServedIn& served : setting.served_in) served.concurrency = k_unknown;
  setting.rtt_ms = Grid<double>(world.size(), world.size(), k_unknown);
  return setting;
}

inline bool never() { return false; }

/// Sends everything to its own region.
class Nearest final : public ServicePolicy {
 public:
  explicit Nearest(std::size_t regions) : shares_(regions, regions) {
    for (std::size_t i = 0; i < regions; ++i) shares_(i, i) = 1;
  }
  std::string_view name() const override { return "nearest"; }
  ServiceWish observe(const ServiceObservation& /*seen*/) override {
    return {.shares = shares_, .shed = {}, .why = {}, .expected_in_slo = {}};
  }

 private:
  Grid<double> shares_;
};

inline WhatIf question_about(const Scenario& world, std::uint64_t seed) {
  WhatIf question;
  question.setting = told_of(world);
  question.seen = recording_of(world, seed);
  question.policy = "nearest";
  question.make_policy =
      [](const ServiceSetting& setting) -> Result<std::unique_ptr<ServicePolicy>> {
    return std::make_unique<Nearest>(setting.size());
  };
  return question;
}

}  // namespace weir::controller
