#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/model/proposal.h"
#include "common/model/service_policy.h"

namespace weir::controller {

/// The weights in force for requests from a region; empty: none are.
using WeightsInForce = std::function<std::span<const Weight>(const RegionName& from)>;

/// The weights in force as shares, a row for each source; a row of zeros where none are.
Grid<double> shares_in_force(std::span<const RegionName> regions, const WeightsInForce& in_force);

/// A wish as proposals by `by`: one for each source whose weights in force are so far from it that
/// a change is worth its noise (a share off by a hundredth, or a region to be opened or closed).
/// `wish` has passed `flaw_of`. O(regions^2).
Proposal proposals_of(const ServiceWish& wish, const ServiceSetting& setting, const std::string& by,
                      const WeightsInForce& in_force);

}  // namespace weir::controller
