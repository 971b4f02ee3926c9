#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/model/proposal.h"
#include "common/model/service.h"

namespace weir {

/// Weights that pass every guard, and what the guards had to do for it.
struct SafeWeights {
  std::vector<Weight> weights;       // every permitted region, in the order of the known ones
  std::vector<std::string> actions;  // "largest step: eu-west-1 held at 35.0 % (wanted 60.0 %)"
  /// False when the step limit kept the weights short of the proposal: ask again next interval.
  bool settled = true;

  friend bool operator==(const SafeWeights&, const SafeWeights&) = default;
};

/// The nearest weights to `proposed` that no guard forbids: the only way from a wish to a revision.
///
///   residency     a hard filter before everything: what is not permitted is not there
///   finite        a value that is no number, negative or infinite becomes the region's present
///                 share (an equal one when it has none)
///   never empty   nothing above 0 left: the present weights stay, equal ones when there are none
///   minimum share an open destination (weight above 0) gets at least `min_share`, or an equal part
///                 where that does not fit; 0 is a decision and stays 0; counts as at most
///                 `max_step`, so that a destination can be opened and closed
///   largest step  no share moves further than `max_step` from `previous`; where this contradicts
///                 the minimum share, the step limit wins
///
/// `previous` empty: no step limit. `known` are the regions of the mesh; others are dropped.
/// Integers from 0 to 10000 that pass come back as they are; anything else comes back on a scale
/// whose sum is about 10000, so shares are exact to (destinations + 1) / 10000. Pure and
/// idempotent: the result proposed again with the same `previous` is unchanged. The agent calls it
/// once more on what the controller sends. Cost about 60 n for n regions. Errors:
/// failed_precondition when `guards.residency` permits no known region.
Result<SafeWeights> to_safe_set(std::span<const Weight> previous,
                                std::span<const ProposedWeight> proposed, const GuardSpec& guards,
                                std::span<const RegionName> known);

/// `weights` as a proposal, to pass what another process sent through the guards.
std::vector<ProposedWeight> as_proposal(std::span<const Weight> weights);

}  // namespace weir
