#include "common/routing/chooser.h"

#include <algorithm>

#include "common/sim/rng.h"

namespace weir {
namespace {

/// 2^64 / phi, odd.
constexpr std::uint64_t k_golden_step = 0x9e3779b97f4a7c15U;

double on_unit_interval(std::uint64_t position) {
  return static_cast<double>(position >> 11) * 0x1.0p-53;
}

template <typename Allowed>
std::optional<std::size_t> cut_at(double point, std::span<const double> weights, Allowed allowed) {
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (allowed(i)) sum += weights[i];
  }
  if (!(sum > 0)) return std::nullopt;
  double left = point * sum;
  std::optional<std::size_t> last;  // rounding may carry `left` past the end
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0 || !allowed(i)) continue;
    last = i;
    if (left < weights[i]) break;
    left -= weights[i];
  }
  return last;
}

}  // namespace

WeightedChooser::WeightedChooser(std::uint64_t seed) : first_(0), retry_(0) {
  Rng rng(seed);
  first_ = rng.next();
  retry_ = rng.next();
}

std::optional<std::size_t> WeightedChooser::choose(std::span<const double> weights) {
  first_ += k_golden_step;
  return cut_at(on_unit_interval(first_), weights, [](std::size_t) { return true; });
}

std::optional<std::size_t> WeightedChooser::choose_again(std::span<const double> weights,
                                                         std::span<const std::size_t> excluded) {
  retry_ += k_golden_step;
  return cut_at(on_unit_interval(retry_), weights, [excluded](std::size_t i) {
    return std::ranges::find(excluded, i) == excluded.end();
  });
}

}  // namespace weir
