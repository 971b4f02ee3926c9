#pragma once

#include <string>
#include <vector>

#include "common/base/ids.h"

namespace weir {

/// A destination's weight as a policy or a person wants it: relative to the others of its source,
/// on any scale, not yet trusted (it may be anything a double can be).
struct ProposedWeight {
  RegionName region;
  double weight = 0;
  friend bool operator==(const ProposedWeight&, const ProposedWeight&) = default;
};

/// What somebody wants for the requests of one service that start in one region.
struct WeightProposal {
  ServiceName service;
  RegionName from;
  std::vector<ProposedWeight> weights;  // a region not named gets 0: closed on purpose
  std::string by;                       // "static", "pin by root"
  std::vector<std::string> reasons;     // for people, the weightiest first
  /// A person's word: a region with weight 0 stays closed and small shares are not lifted.
  bool pinned = false;
};

}  // namespace weir
