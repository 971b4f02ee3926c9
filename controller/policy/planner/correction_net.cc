#include "controller/policy/planner/correction_net.h"

#include <algorithm>
#include <cmath>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

/// Reads a layer after the other out of the one row of weights.
class Layers {
 public:
  explicit Layers(std::span<const double> weights) : left_(weights) {}
  std::span<const double> take(std::size_t count) {
    const auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

 private:
  std::span<const double> left_;
};

/// weights: rows of input + 1, the last of each the bias.
double affine(std::span<const double> weights, std::span<const double> input) {
  double sum = weights[input.size()];
  for (std::size_t i = 0; i < input.size(); ++i) sum += weights[i] * input[i];
  return sum;
}

template <std::size_t N>
void add_to(std::array<double, N>& sum, const std::array<double, N>& value) {
  for (std::size_t i = 0; i < N; ++i) sum[i] += value[i];
}

template <std::size_t N>
void divide(std::array<double, N>& sum, double by) {
  for (double& value : sum) value /= std::max(by, 1.0);
}

template <std::size_t N>
std::array<double, 2 * N> joined(const std::array<double, N>& a, const std::array<double, N>& b) {
  std::array<double, 2 * N> both;
  std::ranges::copy(a, both.begin());
  std::ranges::copy(b, both.begin() + N);
  return both;
}

double bounded(double raw, double most) { return most * std::tanh(raw / most); }

}  // namespace

std::vector<double> CorrectionNet::initial_weights(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> weights(k_weights, 0.0);
  const double first = 1 / std::sqrt(static_cast<double>(k_pair_features));
  const double second = 1 / std::sqrt(4.0 * k_hidden);
  for (std::size_t i = 0; i < k_body; ++i) {
    const bool of_first = i < k_hidden * (k_pair_features + 1);
    weights[i] = rng.normal(0, of_first ? first : second);
  }
  return weights;
}

CorrectionNet::CorrectionNet(std::span<const double> weights) : weights_(k_weights, 0.0) {
  const std::size_t count = std::min(weights.size(), weights_.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isfinite(weights[i])) weights_[i] = std::clamp(weights[i], -50.0, 50.0);
  }
  silent_ = std::all_of(weights_.begin() + k_body, weights_.end(), [](double w) { return w == 0; });
}

TrainedMoves CorrectionNet::moves(const Grid<PairFeatures>& features,
                                  const Grid<char>& open) const {
  if (silent_) return {};
  const std::size_t sources = features.rows();
  const std::size_t destinations = features.columns();
  Layers layers(weights_);
  const auto first = layers.take(k_hidden * (k_pair_features + 1));
  const auto second = layers.take(k_joint * (4 * k_hidden + 1));
  const auto pair_head = layers.take(k_joint + 1);
  const auto margin_head = layers.take(2 * k_hidden + 1);
  const auto horizon_head = layers.take(k_hidden + 1);

  Grid<Hidden> hidden(sources, destinations, Hidden{});
  std::vector<Hidden> by_source(sources, Hidden{});
  std::vector<Hidden> by_destination(destinations, Hidden{});
  std::vector<double> source_count(sources, 0.0);
  std::vector<double> destination_count(destinations, 0.0);
  Hidden all{};
  double count = 0;
  for (std::size_t s = 0; s < sources; ++s) {
    for (std::size_t d = 0; d < destinations; ++d) {
      if (open(s, d) == 0) continue;
      Hidden& h = hidden(s, d);
      for (std::size_t i = 0; i < k_hidden; ++i) {
        h[i] = std::tanh(affine(first.subspan(i * (k_pair_features + 1)), features(s, d)));
      }
      add_to(by_source[s], h);
      add_to(by_destination[d], h);
      add_to(all, h);
      ++source_count[s];
      ++destination_count[d];
      ++count;
    }
  }
  divide(all, count);
  for (std::size_t s = 0; s < sources; ++s) divide(by_source[s], source_count[s]);
  for (std::size_t d = 0; d < destinations; ++d) divide(by_destination[d], destination_count[d]);

  TrainedMoves moves{
      .logits = Grid<double>(sources, destinations, 0.0),
      .margin = std::vector<double>(destinations, 1.0),
      .horizon = std::exp(bounded(affine(horizon_head, all), TrainedMoves::k_most_horizon))};
  for (std::size_t d = 0; d < destinations; ++d) {
    const auto seen = joined(by_destination[d], all);
    moves.margin[d] = std::exp(bounded(affine(margin_head, seen), TrainedMoves::k_most_margin));
  }
  for (std::size_t s = 0; s < sources; ++s) {
    for (std::size_t d = 0; d < destinations; ++d) {
      if (open(s, d) == 0) continue;
      const auto seen = joined(joined(hidden(s, d), by_destination[d]), joined(by_source[s], all));
      std::array<double, k_joint> joint;
      for (std::size_t i = 0; i < k_joint; ++i) {
        joint[i] = std::tanh(affine(second.subspan(i * (4 * k_hidden + 1)), seen));
      }
      moves.logits(s, d) = bounded(affine(pair_head, joint), TrainedMoves::k_most_logits);
    }
  }
  return moves;
}

}  // namespace weir::controller
