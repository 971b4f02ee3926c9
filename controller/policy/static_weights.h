#pragma once

#include <span>

#include "common/model/proposal.h"
#include "common/model/service_config.h"

namespace weir::controller {

/// The configured weights and nothing else: nearby, other, and pairs of regions that differ. One
/// proposal per region of the mesh. O(regions^2 * pairs).
Proposal static_proposal(const ServiceConfig& service, std::span<const RegionName> regions);

}  // namespace weir::controller
