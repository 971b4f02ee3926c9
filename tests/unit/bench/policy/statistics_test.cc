#include "tests/bench/policy/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace weir::bench {
namespace {

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double k_never = std::numeric_limits<double>::infinity();

TEST(Bootstrap, HoldsTheMeanBetweenItsBounds) {
  const Estimate estimate = bootstrap(2, 10, [](std::size_t cell, std::size_t seed) {
    return static_cast<double>(cell * 100 + seed);
  });
  EXPECT_NEAR(estimate.mean, 54.5, 1e-9);
  // The standard error of the mean of 0 to 9 is 0.91.
  EXPECT_NEAR(estimate.low, 54.5 - 1.8, 0.4);
  EXPECT_NEAR(estimate.high, 54.5 + 1.8, 0.4);
}

TEST(Bootstrap, HasNoWidthWhereTheSeedsAgree) {
  const Estimate estimate = bootstrap(3, 5, [](std::size_t, std::size_t) { return 0.25; });
  EXPECT_NEAR(estimate.low, 0.25, 1e-12);
  EXPECT_NEAR(estimate.high, 0.25, 1e-12);
}

TEST(LoadAt, FollowsTheLinesBetweenTheLoads) {
  const std::vector<double> loads = {0.5, 0.6, 0.7};
  EXPECT_NEAR(load_at(loads, std::vector{1.0, 0.995, 0.985}, 0.99), 0.65, 1e-9);
  EXPECT_EQ(load_at(loads, std::vector{1.0, 1.0, 0.99}, 0.99), 0.7);
  EXPECT_TRUE(std::isnan(load_at(loads, std::vector{0.98, 1.0, 1.0}, 0.99)));
  EXPECT_TRUE(std::isnan(load_at({}, {}, 0.99)));
}

TEST(Median, CountsNeverAsTheLargestAndLeavesTheUnknownOut) {
  EXPECT_EQ(median({3, 1, k_never}), 3);
  EXPECT_EQ(median({k_never, 1, k_never}), k_never);
  EXPECT_EQ(median({k_nan, 2}), 2);
  EXPECT_TRUE(std::isnan(median({k_nan})));
}

/// 20 s of warm-up, then 20 s at 99 % within the objective, an incident, and the shares that
/// follow.
RunRecord record_after(const std::vector<double>& shares) {
  controller::Scenario scenario;
  scenario.warm_up_ms = 20'000;
  scenario.incidents = {{.at_ms = 40'000}};
  scenario.duration_ms = 40'000 + 1000 * static_cast<double>(shares.size());
  controller::SimulationResult result;
  result.first_measured = 20;
  for (std::size_t i = 0; i < 40 + shares.size(); ++i) {
    const double share = i < 40 ? 0.99 : shares[i - 40];
    controller::Counts counts{.offered = 1000};
    counts.in_objective[1] = static_cast<std::uint64_t>(std::llround(1000 * share));
    result.intervals.push_back({.t_ms = 1000.0 * static_cast<double>(i + 1), .counts = counts});
  }
  return record_of(result, scenario);
}

TEST(Recovery, IsTheFirstOfThreeGoodSecondsInARow) {
  EXPECT_EQ(record_after({0.5, 0.7, 0.98, 0.97, 0.985, 0.98, 0.99}).recovery_s, 4);
  EXPECT_EQ(record_after({0.99, 0.99, 0.99}).recovery_s, 0);
  EXPECT_EQ(record_after({0.5, 0.99, 0.99}).recovery_s, k_never);
}

TEST(Recovery, IsUnknownWhereNothingHappened) {
  EXPECT_TRUE(std::isnan(record_of({}, controller::Scenario()).recovery_s));
}

}  // namespace
}  // namespace weir::bench
