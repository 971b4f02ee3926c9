#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weir {

/// Turns weights into one choice after another with low discrepancy: over any 3000 choices in a row
/// each share is within 0.5 points of its weight's share, where independent draws would be off by
/// up to 2.5 points.
///
/// Choice n takes the point frac(start + n / phi), phi the golden ratio, on the unit interval cut
/// in proportion to the weights: the additive recurrence (Kronecker sequence) whose points are
/// spread most evenly of all (Kuipers and Niederreiter, "Uniform Distribution of Sequences", 1974,
/// chapter 2.3). `start` comes from the seed, so agents with different seeds are not in step. A
/// retry moves along a second sequence: it would otherwise take points away from the first choices
/// that follow it, always the same ones.
///
///   cost    O(n) for n weights, no allocation
///   thread  one caller
class WeightedChooser {
 public:
  explicit WeightedChooser(std::uint64_t seed);

  /// Index of the choice. Weights are finite and not negative; nullopt when their sum is 0.
  std::optional<std::size_t> choose(std::span<const double> weights);

  /// For what does not follow the weights alone, a retry above all: the same among the indices that
  /// do not stand in `excluded`; nullopt when nothing is left.
  std::optional<std::size_t> choose_again(std::span<const double> weights,
                                          std::span<const std::size_t> excluded);

 private:
  std::uint64_t first_;  // position of the first choices, in 2^-64 of the interval
  std::uint64_t retry_;  // of the choices with exclusions
};

}  // namespace weir
