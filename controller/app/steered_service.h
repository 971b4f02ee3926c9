#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "controller/app/steering_loop.h"

namespace weir::controller {

/// One service in the steering loop.
struct SteeringLoop::Steered {
  explicit Steered(const ServiceConfig& from) : config(from) {}

  const ServiceConfig& config;
  std::optional<PolicyMode> mode;  // as an operator set it
  std::string mode_by;
  bool reconfigured = false;     // and its policy does not know yet
  std::set<RegionName> serving;  // had a server since the start
  Experience past;               // from the store, until there is a steering
  std::optional<ServiceSteering> steering;
  std::string checkpoint;                    // what `steering` is made from
  std::optional<ServiceSteering> candidate;  // of a rollout, in shadow
  Proposal confirmed;
  DecisionCount decisions;
  std::uint64_t decisions_told = 0;
  std::uint64_t falls_told = 0;
  std::uint64_t cost_cuts = 0;
  bool above_ceiling = false;    // on cost, as told
  std::deque<std::string> rows;  // keys, oldest first
  std::size_t not_stored = 0;    // intervals
};

}  // namespace weir::controller
