#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "common/model/grid.h"
#include "common/model/service_policy.h"
#include "controller/policy/planner/evidence.h"

namespace weir::controller {

/// How the agents follow the weights. They take weight off a destination by themselves, without
/// being told: in proportion to its servers that are ready, and while it comes back after it was
/// gone. Whoever plans loads has to know what really goes there, and ask for more where less of it
/// gets through.
///
/// Each destination has a factor on its weight, 1 for the one that gets most of what it should: a
/// change of its ready servers moves it at once, and what the sources sent corrects it. Counts that
/// any of the last weights would explain say nothing: nobody knows when weights came into force.
class WeightResponse {
 public:
  explicit WeightResponse(std::size_t regions);

  /// What the sources sent where in an interval by the weights, and what the servers say.
  /// O(regions^2).
  void observe(const Grid<PairEvidence>& pairs, const std::vector<ServersSeen>& servers);

  /// From now on, or a little later, these are the weights; each row sums to 1.
  void follow(const Grid<double>& weights);

  double factor(std::size_t to) const { return factor_[to]; }
  /// The shares that come of weights, and the weights for shares, as far as weights can: what is
  /// taken off by more than half stays off.
  Grid<double> shares_of(const Grid<double>& weights) const;
  Grid<double> weights_for(const Grid<double>& shares) const;

 private:
  void take_ready(const std::vector<ServersSeen>& servers);
  std::vector<double> expected(const Grid<PairEvidence>& pairs, const Grid<double>& weights) const;

  std::vector<double> factor_;
  std::vector<double> ready_;          // share of the endpoints
  std::deque<Grid<double>> followed_;  // newest first
};

}  // namespace weir::controller
