#include "agent/enforce/tiers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "common/sim/rng.h"

namespace weir::agent {
namespace {

TierMember up(double configured, std::size_t tier, double factor = 1, double ramp = 1) {
  return {configured, tier, true, false, ramp, factor};
}
TierMember down(double configured, std::size_t tier) {
  return {configured, tier, false, false, 0, 0};
}
TierMember held(double configured, std::size_t tier) {
  return {configured, tier, false, true, 0, 1};
}

struct TierCase {
  const char* name;
  std::vector<TierMember> members;
  std::vector<double> weights;
  Level level;
};

class Tiers : public testing::TestWithParam<TierCase> {};

TEST_P(Tiers, SpreadTheLoad) {
  const TierWeights spread_out = spread(GetParam().members);
  ASSERT_EQ(spread_out.weights.size(), GetParam().weights.size());
  for (std::size_t i = 0; i < spread_out.weights.size(); ++i) {
    EXPECT_NEAR(spread_out.weights[i], GetParam().weights[i], 1e-9) << "member " << i;
  }
  EXPECT_EQ(spread_out.level, GetParam().level);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Tiers,
    testing::Values(
        TierCase{"OneTierIsTheConfiguredWeights",
                 {up(130, 0), up(100, 0), up(100, 0)},
                 {130, 100, 100},
                 Level::normal},
        TierCase{"ADeadOneLosesItsWeight", {up(130, 0), down(100, 0)}, {130, 0}, Level::normal},
        TierCase{
            "HalfTheServersHalfTheWeight", {up(100, 0, 0.5), up(100, 0)}, {50, 100}, Level::normal},
        TierCase{"ALowerTierWaits", {up(100, 0), up(100, 1)}, {100, 0}, Level::normal},
        TierCase{"ALowerTierServesWhenTheFirstIsDead",
                 {down(100, 0), down(100, 0), up(60, 1)},
                 {0, 0, 60},
                 Level::normal},
        TierCase{"ALowerTierTakesWhatADegradedFirstCannot",
                 {up(100, 0, 0.25), up(80, 1)},
                 {25, 75},
                 Level::normal},
        TierCase{"NothingSpillsWhileOneOfTheTierWorksFully",
                 {up(100, 0, 0.25), up(100, 0), up(80, 1)},
                 {25, 100, 0},
                 Level::normal},
        TierCase{"AReturningTierTakesOverAsItRamps",
                 {up(100, 0, 1, 0.2), up(100, 1)},
                 {20, 80},
                 Level::normal},
        TierCase{"ThreeTiers",
                 {up(100, 0, 0.5), up(100, 1, 0.25), up(100, 2)},
                 {50, 25, 25},
                 Level::normal},
        TierCase{"HeldAwayIsBetterThanNothing",
                 {down(130, 0), held(100, 0)},
                 {0, 100},
                 Level::held_away},
        TierCase{"ARampAtItsBeginIsBetterThanNothing",
                 {up(130, 0, 1, 0), down(100, 0)},
                 {130, 0},
                 Level::held_away},
        TierCase{"ADrainedOneIsBetterThanADeadOne",
                 {down(100, 0), up(0, 0)},
                 {0, 1},
                 Level::without_weight},
        TierCase{"PanicTriesEverything", {down(130, 0), down(100, 1)}, {130, 100}, Level::panic},
        TierCase{"PanicWithoutAnyWeight", {down(0, 0), down(0, 0)}, {1, 1}, Level::panic}),
    [](const auto& row) { return row.param.name; });

TEST(Tiers, AreNeverEmptyAndAlwaysFinite) {
  Rng rng(77);
  for (int round = 0; round < 5000; ++round) {
    std::vector<TierMember> members(1 + rng.below(8));
    for (TierMember& member : members) {
      member.configured = rng.chance(0.3) ? 0 : static_cast<double>(rng.below(10001));
      member.tier = rng.below(4);
      member.usable = rng.chance(0.5);
      member.ready = !member.usable && rng.chance(0.3);
      member.ramp = rng.chance(0.3) ? 0 : rng.unit();
      member.factor = rng.chance(0.3) ? 0 : rng.unit();
    }
    const TierWeights result = spread(members);
    double sum = 0;
    for (const double weight : result.weights) {
      ASSERT_TRUE(std::isfinite(weight) && weight >= 0) << "round " << round;
      sum += weight;
    }
    ASSERT_GT(sum, 0) << "round " << round;
  }
}

}  // namespace
}  // namespace weir::agent
