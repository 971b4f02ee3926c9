// How long the planner takes for a decision: median and worst over simulated intervals, in time of
// the processor, so that a busy machine does not count.
//
// usage: scripts/bench planner

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "common/sim/rng.h"
#include "controller/policy/planner/planner_policy.h"
#include "controller/simulate/simulation.h"

namespace weir::controller {
namespace {

/// Regions strewn over the world, each with a few endpoints, two thirds loaded.
Scenario world(std::size_t regions) {
  Rng rng(3);
  Scenario scenario;
  scenario.name = "planner bench";
  scenario.duration_ms = 40'000;
  scenario.warm_up_ms = 5000;
  scenario.paths = Grid<PathSpec>(regions, regions);
  for (std::size_t i = 0; i < regions; ++i) {
    scenario.regions.emplace_back("r" + std::to_string(i));
    for (std::size_t j = 0; j < i; ++j) {
      scenario.paths(i, j).rtt_ms = scenario.paths(j, i).rtt_ms = 5 + 200 * rng.unit();
    }
    const auto endpoints = 2 + static_cast<std::uint32_t>(rng.below(6));
    scenario.servers.push_back({.endpoints = endpoints});
    scenario.demand.push_back({.rps = endpoints * 100 * (0.3 + 0.8 * rng.unit())});
  }
  return scenario;
}

double processor_ms() {
  return 1000 * static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

void measure(std::size_t regions, Goal goal, const std::vector<double>& weights) {
  Scenario scenario = world(regions);
  scenario.goal = goal;
  Simulation simulation(scenario, 1);
  PlannerPolicy policy("planner", simulation.setting(), {.settings = {}, .weights = weights});
  std::vector<double> times;
  while (simulation.advance()) {
    const double start = processor_ms();
    ServiceWish wish = policy.observe(simulation.seen());
    times.push_back(processor_ms() - start);
    simulation.wish(wish);
  }
  std::ranges::sort(times);
  constexpr const char* k_goals[] = {"goodput", "latency", "tail", "cost"};
  fmt::print("regions={} goal={} correction={} median_ms={:.3f} worst_ms={:.3f}\n", regions,
             k_goals[static_cast<std::size_t>(goal)], weights.empty() ? "no" : "yes",
             times[times.size() / 2], times.back());
}

int measure_all() {
  std::vector<double> weights = CorrectionNet::initial_weights(1);
  for (double& weight : weights) weight += 0.01;
  for (const std::size_t regions : {6U, 20U, 50U}) {
    measure(regions, Goal::goodput, {});
    measure(regions, Goal::goodput, weights);
  }
  for (const Goal goal : {Goal::latency, Goal::tail, Goal::cost}) measure(50, goal, {});
  return 0;
}

}  // namespace
}  // namespace weir::controller

int main() { return weir::controller::measure_all(); }
