#include "controller/learn/evolution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "common/base/assert.h"
#include "common/sim/rng.h"

namespace weir::controller {
namespace {

constexpr double k_least_sigma = 1e-4;
constexpr double k_most_sigma = 10;
constexpr double k_least_scale = 1e-3;
constexpr double k_most_scale = 1e3;

/// The strategy's constants for one dimension and population.
struct Constants {
  std::vector<double> weights;  // of the better half, best first
  double effective = 0;
  double sigma_rate = 0;
  double sigma_damping = 0;
  double path_rate = 0;
  double rank_one = 0;
  double rank_many = 0;
  double expected_length = 0;

  Constants(std::size_t dimension, std::size_t population) {
    const auto n = static_cast<double>(dimension);
    const std::size_t parents = population / 2;
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < parents; ++i) {
      weights.push_back(std::log(static_cast<double>(parents) + 0.5) -
                        std::log(static_cast<double>(i) + 1));
      sum += weights.back();
    }
    for (double& weight : weights) {
      weight /= sum;
      squares += weight * weight;
    }
    effective = 1 / squares;
    sigma_rate = (effective + 2) / (n + effective + 5);
    sigma_damping = 1 + 2 * std::max(0.0, std::sqrt((effective - 1) / (n + 1)) - 1) + sigma_rate;
    path_rate = (4 + effective / n) / (n + 4 + 2 * effective / n);
    const double faster = (n + 2) / 3;  // only the diagonal is learnt
    rank_one = std::min(0.9, faster * 2 / ((n + 1.3) * (n + 1.3) + effective));
    rank_many = std::min(0.95 - rank_one, faster * 2 * (effective - 2 + 1 / effective) /
                                              ((n + 2) * (n + 2) + effective));
    expected_length = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  }
};

std::vector<std::size_t> best_first(std::span<const double> losses) {
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [losses](std::size_t i) {
    const double loss = losses[i];
    return std::pair(std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity(), i);
  });
  return order;
}

}  // namespace

EvolutionSearch::EvolutionSearch(std::span<const double> start, double sigma,
                                 std::size_t population, std::uint64_t seed)
    : EvolutionSearch(EvolutionState{.generation = 0,
                                     .sigma = sigma,
                                     .mean = std::vector<double>(start.begin(), start.end()),
                                     .scale = std::vector<double>(start.size(), 1.0),
                                     .sigma_path = std::vector<double>(start.size(), 0.0),
                                     .scale_path = std::vector<double>(start.size(), 0.0)},
                      population, seed) {}

EvolutionSearch::EvolutionSearch(EvolutionState state, std::size_t population, std::uint64_t seed)
    : population_(population), seed_(seed), state_(std::move(state)) {
  WEIR_ASSERT(population_ >= 4 && population_ % 2 == 0, "population even and at least 4");
  WEIR_ASSERT(!state_.mean.empty() && state_.scale.size() == state_.mean.size() &&
                  state_.sigma_path.size() == state_.mean.size() &&
                  state_.scale_path.size() == state_.mean.size(),
              "vectors of one size");
}

std::vector<std::vector<double>> EvolutionSearch::steps() const {
  Rng rng(seed_ + 0x9e3779b97f4a7c15U * (state_.generation + 1));
  std::vector<std::vector<double>> steps;
  for (std::size_t i = 0; i < population_; i += 2) {
    std::vector<double> step(state_.mean.size());
    for (double& value : step) value = rng.normal(0, 1);
    steps.push_back(step);
    for (double& value : step) value = -value;
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<std::vector<double>> EvolutionSearch::ask() const {
  auto candidates = steps();
  for (auto& candidate : candidates) {
    for (std::size_t i = 0; i < candidate.size(); ++i) {
      candidate[i] = state_.mean[i] + state_.sigma * state_.scale[i] * candidate[i];
    }
  }
  return candidates;
}

void EvolutionSearch::tell(std::span<const double> losses) {
  WEIR_ASSERT(losses.size() == population_, "one loss per candidate");
  const std::size_t n = state_.mean.size();
  const Constants k(n, population_);
  const auto moves = steps();
  const auto order = best_first(losses);

  std::vector<double> step(n, 0.0);
  std::vector<double> squares(n, 0.0);
  for (std::size_t rank = 0; rank < k.weights.size(); ++rank) {
    const auto& move = moves[order[rank]];
    for (std::size_t i = 0; i < n; ++i) {
      step[i] += k.weights[rank] * move[i];
      squares[i] += k.weights[rank] * move[i] * move[i];
    }
  }
  double length = 0;
  for (std::size_t i = 0; i < n; ++i) {
    state_.mean[i] += state_.sigma * state_.scale[i] * step[i];
    double& path = state_.sigma_path[i];
    path = (1 - k.sigma_rate) * path +
           std::sqrt(k.sigma_rate * (2 - k.sigma_rate) * k.effective) * step[i];
    length += path * path;
  }
  length = std::sqrt(length);
  const auto generations = static_cast<double>(state_.generation + 1);
  const double settled = std::sqrt(1 - std::pow(1 - k.sigma_rate, 2 * generations));
  const bool moving =
      length / settled < (1.4 + 2 / (static_cast<double>(n) + 1)) * k.expected_length;
  for (std::size_t i = 0; i < n; ++i) {
    double& path = state_.scale_path[i];
    const double stride = moving ? std::sqrt(k.path_rate * (2 - k.path_rate) * k.effective) : 0;
    path = (1 - k.path_rate) * path + stride * state_.scale[i] * step[i];
    const double variance = state_.scale[i] * state_.scale[i];
    const double wanted = (1 - k.rank_one - k.rank_many) * variance + k.rank_one * path * path +
                          k.rank_many * variance * squares[i];
    state_.scale[i] = std::clamp(std::sqrt(wanted), k_least_scale, k_most_scale);
  }
  state_.sigma *= std::exp(k.sigma_rate / k.sigma_damping * (length / k.expected_length - 1));
  state_.sigma = std::clamp(state_.sigma, k_least_sigma, k_most_sigma);
  ++state_.generation;
}

}  // namespace weir::controller
