#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/model/proposal.h"
#include "common/model/service_policy.h"

namespace weir::controller {

/// What is in force for requests from a region, as far as a wish can change it.
struct InForce {
  std::span<const Weight> weights;  // empty: none
  std::span<const InFlightLimit> limits;
};
using SourceInForce = std::function<InForce(const RegionName& from)>;

/// The weights in force as shares, a row for each source; a row of zeros where none are.
Grid<double> shares_in_force(std::span<const RegionName> regions, const SourceInForce& in_force);

/// What becomes of a wish's limits on requests in flight.
enum class WishLimits {
  kept,
  dropped,     // there are to be none
  overlooked,  // nor does it count which are in force: weights alone are asked for
};

/// A wish as proposals by `by`: one for each source whose weights in force are so far from it that
/// a change is worth its noise (a share off by a hundredth, or a region to be opened or closed), or
/// whose limits are (by a tenth and by more than one request): then with the weights in force.
/// `wish` has passed `flaw_of`. O(regions^2).
Proposal proposals_of(const ServiceWish& wish, const ServiceSetting& setting, const std::string& by,
                      WishLimits limits, const SourceInForce& in_force);

}  // namespace weir::controller
