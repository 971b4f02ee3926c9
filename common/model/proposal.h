#pragma once

#include <cstdint>
#include <optional>
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

/// One term of why a destination's share is what it is.
struct Reason {
  RegionName region;
  std::string term;       // a stable word or two: "overload", "pinned", "nearby"
  double delta = 0;       // share of the source's requests it moved; 0: it moved none by itself
  std::string note = {};  // for people: "p99 310 ms, 7 of 8 ready"
  friend bool operator==(const Reason&, const Reason&) = default;
};

/// What somebody wants for the requests of one service that start in one region.
struct WeightProposal {
  ServiceName service;
  RegionName from;
  std::vector<ProposedWeight> weights;  // a region not named gets 0: closed on purpose
  std::string by;                       // "static", "pin by root"
  std::vector<Reason> reasons;          // the weightiest first
  /// Of the source's requests within the objective, as the policy expects it of these weights.
  std::optional<double> expected_in_objective = std::nullopt;
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
