#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace weir::agent {

/// One permitted destination as the tiers see it.
struct TierMember {
  double configured = 0;  // weight, >= 0
  std::size_t tier = 0;
  bool usable = false;  // in service
  bool ready = false;   // works but is still held away
  double ramp = 1;      // 0 to 1
  double factor = 1;    // 0 to 1: what its healthy servers can carry
};

/// Why the weights are what they are: the first of these that leaves anything.
enum class Level { normal, held_away, without_weight, panic };

struct TierWeights {
  std::vector<double> weights;  // finite, >= 0, sum > 0 when there is any member
  Level level = Level::normal;
};

/// Spreads the requests over the members.
///
/// In one tier a member's weight is configured x ramp x factor. A tier takes as much of the load as
/// its best member can (the largest ramp x factor); the rest goes to the next tier, and what the
/// last leaves is spread over all in proportion. Weights of the first tier in use stay on the
/// scale of the configured ones. Cost O(members x tiers in use).
TierWeights spread(std::span<const TierMember> members);

}  // namespace weir::agent
