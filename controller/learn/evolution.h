#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::controller {

/// Where a search stands: a plain value, enough to go on as if it had never stopped.
struct EvolutionState {
  std::uint64_t generation = 0;
  double sigma = 0.3;
  std::vector<double> mean = {};
  std::vector<double> scale = {};       // standard deviation of each coordinate, times sigma
  std::vector<double> sigma_path = {};  // evolution paths
  std::vector<double> scale_path = {};
  friend bool operator==(const EvolutionState&, const EvolutionState&) = default;
};

/// Finds the vector with the least loss by asking and being told: an evolution strategy that adapts
/// its step and a scale per coordinate (R. Ros and N. Hansen, "A simple modification in CMA-ES
/// achieving linear time and space complexity", 2008; constants from N. Hansen, "The CMA Evolution
/// Strategy: A Tutorial", 2016), with mirrored samples, so that luck on one side shows on the
/// other.
///
/// Only the order of the losses counts. The samples of a generation depend on the seed and its
/// number alone, so a search that is resumed from its state goes the same way. O(dimension) a
/// sample.
class EvolutionSearch {
 public:
  /// `population` is even and at least 4. `start` is finite, of any size above 0.
  EvolutionSearch(std::span<const double> start, double sigma, std::size_t population,
                  std::uint64_t seed);
  /// Goes on from `state`, whose vectors have one size.
  EvolutionSearch(EvolutionState state, std::size_t population, std::uint64_t seed);

  /// The candidates of the present generation; the same until `tell`.
  std::vector<std::vector<double>> ask() const;
  /// One loss per candidate, in their order; one that is no number counts as the worst.
  void tell(std::span<const double> losses);

  const std::vector<double>& mean() const { return state_.mean; }
  const EvolutionState& state() const { return state_; }

 private:
  std::vector<std::vector<double>> steps() const;  // standard normal, mirrored

  const std::size_t population_;
  const std::uint64_t seed_;
  EvolutionState state_;
};

}  // namespace weir::controller
