#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/model/grid.h"
#include "controller/policy/planner/trained_moves.h"

namespace weir::controller {

/// What the trained correction sees of one pair: ratios, never absolutes, so that it means the same
/// on every map. About -2 to 2 each.
inline constexpr std::size_t k_pair_features = 12;
using PairFeatures = std::array<double, k_pair_features>;

/// A small network from the state of all pairs to moves within fixed bounds. One set of weights
/// serves any number of regions in any order: every pair passes through the same layer, then sees
/// itself, the mean over its destination, over its source and over all (M. Zaheer et al., "Deep
/// Sets", 2017; J. Hartford et al., "Deep Models of Interactions Across Sets", 2018). The heads
/// start at 0, and 0 moves nothing.
///
///   pair     features -> 8 tanh -> (self, destination, source, all) 32 -> 8 tanh -> logits
///   margin   (destination, all) 16 -> log factor on capacity
///   horizon  all 8 -> log factor
///   cost     about 0.4 us a pair
class CorrectionNet {
 public:
  static constexpr std::size_t k_hidden = 8;
  static constexpr std::size_t k_joint = 8;
  static constexpr std::size_t k_body =
      k_hidden * (k_pair_features + 1) + k_joint * (4 * k_hidden + 1);
  static constexpr std::size_t k_heads = (k_joint + 1) + (2 * k_hidden + 1) + (k_hidden + 1);
  static constexpr std::size_t k_weights = k_body + k_heads;  // the body first, then the heads

  /// Body drawn from `seed`, heads 0.
  static std::vector<double> initial_weights(std::uint64_t seed);

  /// No weights: moves nothing. Missing ones count as 0, those beyond the end are ignored.
  explicit CorrectionNet(std::span<const double> weights);

  /// True when every head is 0.
  bool silent() const { return silent_; }

  /// Pairs not `open` take no part.
  TrainedMoves moves(const Grid<PairFeatures>& features, const Grid<char>& open) const;

 private:
  using Hidden = std::array<double, k_hidden>;

  std::vector<double> weights_;
  bool silent_ = true;
};

}  // namespace weir::controller
