#include "common/routing/chooser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <numeric>
#include <vector>

#include "common/sim/rng.h"

namespace weir {
namespace {

/// The largest distance, in points, of any share in any window of 3000 choices from its weight.
double worst_distance(WeightedChooser& chooser, const std::vector<double>& weights, int choices) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int> counts(weights.size());
  std::deque<std::size_t> window;
  double worst = 0;
  for (int n = 0; n < choices; ++n) {
    window.push_back(chooser.choose(weights).value());
    ++counts[window.back()];
    if (window.size() < 3000) continue;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      worst = std::max(worst, std::abs(counts[i] / 3000.0 - weights[i] / sum) * 100);
    }
    --counts[window.front()];
    window.pop_front();
  }
  return worst;
}

struct WeightsCase {
  const char* name;
  std::vector<double> weights;
};

class ChooserShares : public testing::TestWithParam<WeightsCase> {};

TEST_P(ChooserShares, StayWithinHalfAPointOverAny3000Requests) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    WeightedChooser chooser(seed);
    EXPECT_LT(worst_distance(chooser, GetParam().weights, 12000), 0.5) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ChooserShares,
                         testing::Values(WeightsCase{"Nearby", {130, 100, 100}},
                                         WeightsCase{"TwoEqual", {100, 100}},
                                         WeightsCase{"OneWithoutWeight", {100, 0, 100}},
                                         WeightsCase{"OnePercent", {99, 1}},
                                         WeightsCase{"Ten", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
                                         WeightsCase{"Single", {7}}),
                         [](const auto& row) { return row.param.name; });

TEST(Chooser, KeepsTheSharesForAnyWeights) {
  Rng rng(20);
  for (int round = 0; round < 60; ++round) {
    std::vector<double> weights(2 + rng.below(15));
    for (double& weight : weights) weight = 1 + static_cast<double>(rng.below(10000));
    WeightedChooser chooser(rng.next());
    EXPECT_LT(worst_distance(chooser, weights, 4500), 0.5) << "round " << round;
  }
}

TEST(Chooser, ReachesASmallWeightAsOftenAsItShould) {
  WeightedChooser chooser(3);
  int seen = 0;
  for (int n = 0; n < 10000; ++n) seen += chooser.choose(std::vector<double>{999, 1}).value() == 1;
  EXPECT_NEAR(seen, 10, 3);
}

TEST(Chooser, WithDifferentSeedsIsNotInStep) {
  const std::vector<double> weights = {100, 100};
  int runs_alike = 0;
  for (std::uint64_t seed = 1; seed <= 64; ++seed) {
    WeightedChooser one(seed);
    WeightedChooser other(seed + 1);
    int same = 0;
    for (int n = 0; n < 1000; ++n) same += one.choose(weights) == other.choose(weights);
    runs_alike += same > 950;
  }
  EXPECT_LT(runs_alike, 10);
}

TEST(Chooser, GivesTheSameChoicesForTheSameSeed) {
  WeightedChooser one(11);
  WeightedChooser other(11);
  const std::vector<double> weights = {3, 2, 1};
  for (int n = 0; n < 500; ++n) EXPECT_EQ(one.choose(weights), other.choose(weights));
}

TEST(Chooser, NeverTakesWhatIsExcludedOrHasNoWeight) {
  WeightedChooser chooser(5);
  const std::vector<double> weights = {100, 50, 0, 25};
  const std::vector<std::size_t> excluded = {0};
  int ones = 0;
  for (int n = 0; n < 3000; ++n) {
    const std::size_t chosen = chooser.choose_again(weights, excluded).value();
    ASSERT_TRUE(chosen == 1 || chosen == 3);
    ones += chosen == 1;
  }
  EXPECT_NEAR(ones, 2000, 15);
}

TEST(Chooser, SaysWhenNothingIsLeft) {
  WeightedChooser chooser(5);
  const std::vector<std::size_t> both = {0, 1};
  EXPECT_FALSE(chooser.choose({}).has_value());
  EXPECT_FALSE(chooser.choose(std::vector<double>{0, 0}).has_value());
  EXPECT_FALSE(chooser.choose_again(std::vector<double>{1, 1}, both).has_value());
}

TEST(Chooser, KeepsTheSharesOfFirstChoicesWhenEachFailureIsRetried) {
  WeightedChooser chooser(9);
  const std::vector<double> weights = {100, 100, 100};
  std::vector<int> first(3);
  for (int n = 0; n < 3000; ++n) {
    const std::size_t chosen = chooser.choose(weights).value();
    ++first[chosen];
    if (chosen == 2) chooser.choose_again(weights, std::vector<std::size_t>{2});
  }
  for (const int count : first) EXPECT_NEAR(count, 1000, 15);
}

}  // namespace
}  // namespace weir
