#include "controller/policy/planner/correction_net.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

std::vector<double> drawn_weights(std::uint64_t seed, double scale) {
  std::vector<double> weights = CorrectionNet::initial_weights(seed);
  Rng rng(seed);
  for (double& weight : weights) weight += rng.normal(0, scale);
  return weights;
}

Grid<PairFeatures> drawn_features(std::size_t n, Rng& rng) {
  Grid<PairFeatures> features(n, n);
  for (PairFeatures& pair : features.cells()) {
    for (double& value : pair) value = rng.normal(0, 1);
  }
  return features;
}

TEST(CorrectionNet, MovesNothingBeforeItWasTrained) {
  Rng rng(1);
  const auto features = drawn_features(4, rng);
  const Grid<char> open(4, 4, 1);
  EXPECT_TRUE(CorrectionNet({}).moves(features, open).none());
  EXPECT_TRUE(CorrectionNet(CorrectionNet::initial_weights(3)).moves(features, open).none());
}

TEST(CorrectionNet, StaysWithinItsBoundsForAnyWeightsAndRegions) {
  Rng rng(2);
  for (const std::size_t n : {1U, 2U, 7U, 50U}) {
    const CorrectionNet net(drawn_weights(n, 20));
    const auto moves = net.moves(drawn_features(n, rng), Grid<char>(n, n, 1));
    for (const double logit : moves.logits.cells()) {
      ASSERT_LE(std::abs(logit), TrainedMoves::k_most_logits);
    }
    for (const double margin : moves.margin) {
      ASSERT_LE(std::abs(std::log(margin)), TrainedMoves::k_most_margin + 1e-9);
    }
    ASSERT_LE(std::abs(std::log(moves.horizon)), TrainedMoves::k_most_horizon + 1e-9);
  }
}

TEST(CorrectionNet, DoesNotCareInWhichOrderTheRegionsStand) {
  Rng rng(3);
  const std::size_t n = 5;
  const auto features = drawn_features(n, rng);
  const std::vector<std::size_t> order = {3, 0, 4, 1, 2};
  Grid<PairFeatures> permuted(n, n);
  for (std::size_t s = 0; s < n; ++s) {
    for (std::size_t d = 0; d < n; ++d) permuted(s, d) = features(order[s], order[d]);
  }
  const CorrectionNet net(drawn_weights(4, 0.3));
  const Grid<char> open(n, n, 1);
  const auto moves = net.moves(features, open);
  const auto moved = net.moves(permuted, open);
  for (std::size_t s = 0; s < n; ++s) {
    EXPECT_NEAR(moved.margin[s], moves.margin[order[s]], 1e-9);
    for (std::size_t d = 0; d < n; ++d) {
      EXPECT_NEAR(moved.logits(s, d), moves.logits(order[s], order[d]), 1e-9);
    }
  }
}

}  // namespace
}  // namespace weir::controller
