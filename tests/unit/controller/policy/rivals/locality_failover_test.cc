#include "controller/policy/rivals/locality_failover.h"

#include <cmath>

#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

int health(double healthy_percent) {
  return static_cast<int>(std::min(100.0, std::floor(1.4 * healthy_percent + 1e-9)));
}

/// Rows of the tables in Envoy's page on priority levels. Where the page rounds a normalised load
/// up, Envoy's own arithmetic (whole percents, the rest to the first level) is expected.
struct LevelsCase {
  const char* name;
  std::vector<double> healthy_percent;
  std::vector<int> loads;
};

class PriorityLevels : public testing::TestWithParam<LevelsCase> {};

TEST_P(PriorityLevels, ShareTheLoadAsPublished) {
  std::vector<int> healths;
  for (const double percent : GetParam().healthy_percent) healths.push_back(health(percent));
  EXPECT_EQ(priority_loads(healths), GetParam().loads);
}

INSTANTIATE_TEST_SUITE_P(Table, PriorityLevels,
                         testing::Values(LevelsCase{"AllHealthy", {100, 100}, {100, 0}},
                                         LevelsCase{"JustEnough", {72, 72}, {100, 0}},
                                         LevelsCase{"JustNotEnough", {71, 71}, {99, 1}},
                                         LevelsCase{"Half", {50, 50}, {70, 30}},
                                         LevelsCase{"QuarterThenAll", {25, 100}, {35, 65}},
                                         LevelsCase{"QuarterEach", {25, 25}, {50, 50}},
                                         LevelsCase{"NoneThenAll", {0, 100}, {0, 100}},
                                         LevelsCase{"ThreeLevels", {25, 25, 100}, {35, 35, 30}},
                                         LevelsCase{"ThreeLevelsShort", {25, 25, 20}, {37, 35, 28}},
                                         LevelsCase{"Nobody", {0, 0}, {0, 0}}),
                         [](const auto& row) { return row.param.name; });

TEST(LocalityFailover, FillsTheLevelsInOrderOfRoundTripTime) {
  LocalityFailover policy(three_regions());
  ServiceObservation seen = offered(1000, {1, 1, 1});
  seen.servers[0].ready = 5;
  seen.servers[1].ready = 2;
  const ServiceWish wish = policy.observe(seen);
  expect_percent(wish, 0, {70, 28, 2});
  expect_percent(wish, 1, {70, 28, 2});
  expect_percent(wish, 2, {0, 0, 100});
}

TEST(LocalityFailover, GoesByHostsWhenNobodyIsHealthy) {
  LocalityFailover policy(three_regions());
  ServiceObservation seen = offered(1000, {1, 1, 1});
  for (ServersSeen& servers : seen.servers) servers.ready = 0;
  seen.servers[2].endpoints = 20;
  expect_percent(policy.observe(seen), 0, {25, 25, 50});
}

ServiceObservation failing(double t_ms, double ready, double errors) {
  ServiceObservation seen = offered(t_ms, {100, 0, 0});
  seen.servers[0].ready = ready;
  seen.pairs(0, 0).ok = 100 - errors;
  seen.pairs(0, 0).errors = errors;
  return seen;
}

TEST(LocalityFailover, EjectsOneEndpointInTenForThirtySeconds) {
  LocalityFailover policy(three_regions());
  // 6 of 10 ready: 84 %. A third of the requests fail: Envoy would eject, but only one of ten.
  double t_ms = 0;
  ServiceWish wish;
  for (int i = 0; i < 10; ++i) wish = policy.observe(failing(t_ms += 1000, 6, 30));
  expect_percent(wish, 0, {84, 16, 0});
  wish = policy.observe(failing(t_ms += 1000, 6, 30));  // the sweep after ten seconds
  expect_percent(wish, 0, {70, 30, 0});
  for (int i = 0; i < 29; ++i) wish = policy.observe(failing(t_ms += 1000, 6, 0));
  expect_percent(wish, 0, {70, 30, 0});
  for (int i = 0; i < 2; ++i) wish = policy.observe(failing(t_ms += 1000, 6, 0));
  expect_percent(wish, 0, {84, 16, 0});
}

}  // namespace
}  // namespace weir::controller
