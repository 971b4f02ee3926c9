#pragma once

#include <vector>

#include "common/model/service_config.h"
#include "controller/policy/policy.h"

namespace weir::controller {

/// The configured weights and nothing else: nearby, other, and pairs of regions that differ.
class StaticPolicy final : public Policy {
 public:
  explicit StaticPolicy(std::vector<ServiceConfig> services);

  std::string_view name() const override { return "static"; }

  /// One proposal per service and region of the mesh. O(services * regions^2).
  Proposal observe(const Observation& observation) override;

 private:
  const std::vector<ServiceConfig> services_;
};

}  // namespace weir::controller
