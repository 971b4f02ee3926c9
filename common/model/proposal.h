#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/model/service.h"

namespace weir {

/// A destination's weight as a policy or a person wants it: relative to the others of its source,
/// on any scale, not yet trusted (it may be anything a double can be).
struct ProposedWeight {
  RegionName region;
  double weight = 0;
  std::string why;  // for people, a few words
  friend bool operator==(const ProposedWeight&, const ProposedWeight&) = default;
};

/// What somebody wants for the requests of one service that start in one region.
struct WeightProposal {
  ServiceName service;
  RegionName from;
  std::vector<ProposedWeight> weights;  // a region not named gets 0: closed on purpose
  std::string by;                       // "static", "pin by root"
  std::vector<std::string> reasons;     // for people, the weightiest first
  /// A policy's wish: agents hold it for the service's time to live without the controller only.
  bool fades = false;
  /// Of all agents of the region together; empty: none.
  std::vector<InFlightLimit> limits = {};
  friend bool operator==(const WeightProposal&, const WeightProposal&) = default;
};

/// Everything a policy wants at one moment.
using Proposal = std::vector<WeightProposal>;

/// A person's word against the policy's, for a while or until it is taken back.
struct WeightPin {
  ServiceName service;
  RegionName from;
  std::vector<Weight> weights;
  std::string by;
  std::int64_t created_unix_ms = 0;
  std::int64_t expires_unix_ms = 0;  // 0: never
  friend bool operator==(const WeightPin&, const WeightPin&) = default;
};

}  // namespace weir
