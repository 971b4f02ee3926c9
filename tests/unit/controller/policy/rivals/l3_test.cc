#include "controller/policy/rivals/l3.h"

#include <cmath>

#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

struct RateCase {
  const char* name;
  double weight;
  double change;
  double expected;
};

class L3RateControl : public testing::TestWithParam<RateCase> {};

TEST_P(L3RateControl, MovesAWeightOfMean100) {
  EXPECT_NEAR(l3_rate_control(GetParam().weight, 100, GetParam().change), GetParam().expected,
              1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Table, L3RateControl,
    testing::Values(RateCase{"SteadyLow", 40, 0, 40}, RateCase{"SteadyHigh", 160, 0, 160},
                    RateCase{"FallingLow", 40, 1, 70}, RateCase{"FallingHigh", 160, 1, 130},
                    RateCase{"RisingLow", 40, -0.5, 20}, RateCase{"RisingHigh", 160, -1, 214}),
    [](const auto& row) { return row.param.name; });

ServiceObservation steady(double t_ms) {
  ServiceObservation seen = offered(t_ms, {300, 0, 0});
  seen.pairs(0, 0) = {.sent = 100, .ok = 100, .latency_p99_ms = 100, .in_flight = 10};
  seen.pairs(0, 1) = {.sent = 100, .ok = 50, .errors = 50, .latency_p99_ms = 100, .in_flight = 10};
  seen.pairs(0, 2) = {.sent = 100, .ok = 100, .latency_p99_ms = 410, .in_flight = 100};
  return seen;
}

ServiceWish after_a_long_time(L3& policy) {
  ServiceWish wish;
  for (double t_ms = 1000; t_ms <= 200'000; t_ms += 1000) wish = policy.observe(steady(t_ms));
  return wish;
}

TEST(L3, WeighsByTailAndRequestsInFlight) {
  L3 policy(three_regions());
  const ServiceWish wish = after_a_long_time(policy);
  // 100 / (1.1^2 * 0.1), 100 / (1.1^2 * (0.1 + 0.6)), 100 / (2^2 * 0.41); whole numbers.
  EXPECT_EQ(wish.shares(0, 0), std::round(100 / 0.121));
  EXPECT_EQ(wish.shares(0, 1), std::round(100 / (1.21 * 0.7)));
  EXPECT_EQ(wish.shares(0, 2), std::round(100 / (4 * 0.41)));
}

TEST(L3, ScoresAsC3WithTheCube) {
  L3Options options;
  options.score = L3Score::c3;
  L3 policy(three_regions(), options);
  const ServiceWish wish = after_a_long_time(policy);
  EXPECT_EQ(wish.shares(0, 0), std::round(1000 / (0.1 + 0.001 * 0.1)));
  EXPECT_EQ(wish.shares(0, 2), std::round(1000 / (0.41 + 0.41)));
}

TEST(L3, StartsWithFiveSecondsAndAHundredInFlight) {
  L3 policy(three_regions());
  const ServiceWish wish = policy.observe(ServiceObservation::blank(3));
  EXPECT_EQ(wish.shares(0, 0), 1);
  EXPECT_EQ(wish.shares(0, 2), 1);
}

TEST(L3, ChangesItsWeightsEveryFiveSecondsOnly) {
  L3 policy(three_regions());
  const ServiceWish first = policy.observe(steady(1000));
  for (double t_ms = 2000; t_ms <= 5000; t_ms += 1000) {
    EXPECT_EQ(policy.observe(steady(t_ms)).shares, first.shares);
  }
  EXPECT_NE(policy.observe(steady(6000)).shares, first.shares);
}

}  // namespace
}  // namespace weir::controller
