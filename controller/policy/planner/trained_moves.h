#pragma once

#include <vector>

#include "common/model/grid.h"

namespace weir::controller {

/// What the trained correction changes before the plan is made. Empty tables and 1: nothing, the
/// plan is then the planner's own to the bit.
struct TrainedMoves {
  Grid<double> logits;         // added to the pair's chance; within +-k_most_logits
  std::vector<double> margin;  // factor on the destination's planned capacity
  double horizon = 1;          // factor on how far ahead loads are paid for

  static constexpr double k_most_logits = 1.5;
  static constexpr double k_most_margin = 0.2;   // log
  static constexpr double k_most_horizon = 1.0;  // log

  bool none() const { return logits.empty() && margin.empty() && horizon == 1; }
};

}  // namespace weir::controller
