#include "controller/whatif/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "controller/whatif/back_test.h"
#include "tests/unit/controller/whatif/recorded_world.h"

namespace weir::controller {
namespace {

struct FitCase {
  const char* name;
  double load;
  Distribution time;
  std::uint64_t seed;
};

class FitOfAKnownWorld : public testing::TestWithParam<FitCase> {
 protected:
  FitOfAKnownWorld()
      : world(known_world(GetParam().load, GetParam().time)),
        seen(recording_of(world, GetParam().seed)) {}

  Scenario world;
  std::vector<ServiceObservation> seen;
};

TEST_P(FitOfAKnownWorld, FindsItsParameters) {
  const auto found = fit(told_of(world), {}, seen, never);
  ASSERT_TRUE(found) << found.error().message();
  const Scenario& s = found->scenario;
  EXPECT_NEAR(s.paths(0, 1).rtt_ms, 40, 1);
  EXPECT_NEAR(s.paths(2, 1).rtt_ms, 120, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(s.demand[i].rps, world.demand[i].rps, world.demand[i].rps * 0.03);
    EXPECT_EQ(s.servers[i].endpoints, 4U);
    EXPECT_NEAR(s.servers[i].speed, 1, 0.25);
  }
  const Sampler truth(world.model.time);
  const Sampler time(s.model.time);
  EXPECT_NEAR(time.mean(), truth.mean(), truth.mean() * 0.12);
  EXPECT_NEAR(time.quantile(0.5), truth.quantile(0.5), truth.mean() * 0.15);
}

TEST_P(FitOfAKnownWorld, PredictsItsNextMinute) {
  const auto test = back_test(told_of(world), {}, seen, 1, never);
  ASSERT_TRUE(test) << test.error().message();
  EXPECT_EQ(test->predicted, 46U);
  EXPECT_GT(test->requests, 1000);
  EXPECT_NEAR(test->model.in_objective, test->seen.in_objective, 0.02);
  EXPECT_NEAR(test->model.p50_ms, test->seen.p50_ms, test->seen.p50_ms * 0.1);
  EXPECT_NEAR(test->model.p99_ms, test->seen.p99_ms, test->seen.p99_ms * 0.15);
}

constexpr auto k_constant = Distribution::Kind::constant;
constexpr auto k_exponential = Distribution::Kind::exponential;
INSTANTIATE_TEST_SUITE_P(
    Table, FitOfAKnownWorld,
    testing::Values(FitCase{"Idle", 0.2, {.mean = 20}, 1}, FitCase{"Half", 0.5, {.mean = 20}, 2},
                    FitCase{"Busy", 0.7, {.mean = 20}, 3},
                    FitCase{"Constant", 0.5, {.kind = k_constant, .mean = 40}, 4},
                    FitCase{"Exponential", 0.5, {.kind = k_exponential, .mean = 30}, 5}),
    [](const auto& row) { return row.param.name; });

TEST(Fit, FindsTheRegionWithSlowServers) {
  Scenario world = known_world(0.3);
  world.servers[2].speed = 0.5;
  const auto found = fit(told_of(world), {}, recording_of(world, 1), never);
  ASSERT_TRUE(found) << found.error().message();
  const auto& servers = found->scenario.servers;
  EXPECT_NEAR(servers[2].speed / servers[0].speed, 0.5, 0.1);
}

TEST(Fit, SaysWhatIsAPrior) {
  Scenario world = known_world(0.3);
  world.servers[1].declared_rps = k_unknown;
  const auto found = fit(told_of(world), {}, recording_of(world, 1), never);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->notes.size(), 1U);
  EXPECT_NE(found->notes[0].find("the capacity of eu is not known"), std::string::npos);
  EXPECT_EQ(found->capped, (std::vector<char>{1, 0, 1}));
}

TEST(Fit, RefusesWhatItCannotKnow) {
  const Scenario world = known_world(0.3);
  auto seen = recording_of(world, 1);
  auto shortly = seen;
  shortly.resize(19);
  const auto few = fit(told_of(world), {}, shortly, never);
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code(), Code::failed_precondition);
  EXPECT_NE(few.error().message().find("was seen for 19 s; a fit needs 20"), std::string::npos);

  for (auto& one : seen) one = ServiceObservation::blank(3);
  const auto silent = fit(told_of(world), {}, seen, never);
  ASSERT_FALSE(silent);
  EXPECT_NE(silent.error().message().find("had 0 answers"), std::string::npos);
}

TEST(Fit, StopsWhenAsked) {
  const Scenario world = known_world(0.3);
  const auto stopped = fit(told_of(world), {}, recording_of(world, 1), [] { return true; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::cancelled);
}

/// Agents are trusted to be agents, not to be right.
TEST(Fit, SurvivesAnyNumbers) {
  const Scenario world = known_world(0.3);
  const auto honest = recording_of(world, 1);
  Rng rng(7);
  const double wild[] = {k_unknown, -1, 0, 1e300, 1e9, INFINITY, 0.001};
  const auto some = [&] { return wild[rng.below(std::size(wild))]; };
  for (int round = 0; round < 20; ++round) {
    auto seen = honest;
    for (auto& one : seen) {
      if (!rng.chance(0.3)) continue;
      one.offered[rng.below(3)] = some();
      PairSeen& pair = one.pairs(rng.below(3), rng.below(3));
      pair.latency_p50_ms = some();
      pair.latency_p99_ms = some();
      pair.ok = some();
      one.paths(rng.below(3), rng.below(3)).rtt_ms = some();
      one.paths(rng.below(3), rng.below(3)).loss = some();
      one.servers[rng.below(3)].ready = some();
    }
    int looks = 0;
    const auto found = fit(told_of(world), {}, seen, [&] { return ++looks > 20; });
    if (!found) EXPECT_FALSE(found.error().message().empty());
  }
}

}  // namespace
}  // namespace weir::controller
