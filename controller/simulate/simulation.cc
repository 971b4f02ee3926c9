#include "controller/simulate/simulation.h"

#include <utility>

#include "common/base/assert.h"
#include "controller/simulate/world.h"

namespace weir::controller {

Simulation::Simulation(Scenario scenario, std::uint64_t seed, SimulationOptions options,
                       RequestPolicy* by_request) {
  const Status sound = check(scenario);
  WEIR_ASSERT(sound.has_value(), sound.error().message());
  world_ = std::make_unique<World>(std::move(scenario), seed, options, by_request);
}
Simulation::Simulation(Simulation&&) noexcept = default;
Simulation& Simulation::operator=(Simulation&&) noexcept = default;
Simulation::~Simulation() = default;

const Scenario& Simulation::scenario() const { return world_->scenario(); }

bool Simulation::advance() {
  if (world_->over()) return false;
  world_->advance();
  return true;
}

double Simulation::now_ms() const { return to_ms(world_->now()); }
const ServiceObservation& Simulation::seen() const { return world_->seen(); }
Truth Simulation::truth() const { return world_->truth(); }
void Simulation::wish(const ServiceWish& wish) { world_->wish(wish); }
Grid<double> Simulation::shares() const { return world_->shares(); }

SimulationResult Simulation::finish() {
  world_->drain();
  return world_->result();
}

SimulationResult Simulation::so_far() const { return world_->result(); }

SimulationResult run(const Scenario& scenario, std::uint64_t seed, ServicePolicy& policy,
                     const SimulationOptions& options) {
  Simulation simulation(scenario, seed, options);
  while (simulation.advance()) simulation.wish(policy.observe(simulation.seen()));
  SimulationResult result = simulation.finish();
  result.policy = policy.name();
  result.seed = seed;
  return result;
}

SimulationResult run(const Scenario& scenario, std::uint64_t seed, RequestPolicy& policy) {
  Simulation simulation(scenario, seed, {}, &policy);
  while (simulation.advance()) continue;
  SimulationResult result = simulation.finish();
  result.policy = policy.name();
  result.seed = seed;
  return result;
}

}  // namespace weir::controller
