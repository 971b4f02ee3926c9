#pragma once

#include <string_view>

#include "common/model/policy_observation.h"
#include "common/model/proposal.h"

namespace weir::controller {

/// Proposes weights. Pure: what it answers depends on its seed, its configuration and what it was
/// shown, in order; time comes with the observation. The controller, the simulator, training and
/// outside programs drive the same code. What it proposes is a wish: guards come after.
class Policy {
 public:
  virtual ~Policy() = default;

  virtual std::string_view name() const = 0;

  /// At most one proposal per (service, source). A pair left out keeps its present weights.
  virtual Proposal observe(const Observation& observation) = 0;
};

}  // namespace weir::controller
