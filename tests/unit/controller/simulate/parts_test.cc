// The small parts of the simulator, each by itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "controller/simulate/demand.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/recent_answers.h"
#include "controller/simulate/request_pool.h"
#include "controller/simulate/source.h"
#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

TEST(EventQueue, GivesBackWhatWasPushedByTimeAndThenByTurn) {
  Rng rng(5);
  EventQueue queue;
  std::multimap<Ticks, std::uint32_t> expected;  // keeps the order of equal keys
  for (int round = 0; round < 20'000; ++round) {
    if (expected.empty() || rng.chance(0.52)) {
      const Ticks at = rng.below(300);
      const auto what = static_cast<std::uint32_t>(round);
      queue.push(at, what);
      expected.emplace(at, what);
    } else {
      const EventQueue::Entry entry = queue.pop();
      ASSERT_EQ(entry.at, expected.begin()->first);
      ASSERT_EQ(entry.what, expected.begin()->second);
      expected.erase(expected.begin());
    }
  }
  EXPECT_EQ(queue.size(), expected.size());
}

struct ShapeCase {
  const char* name;
  Distribution distribution;
  double mean;
  double cv2;
  double p99;
};

class Sampled : public testing::TestWithParam<ShapeCase> {};

TEST_P(Sampled, HasTheMomentsAndTheTailOfItsDistribution) {
  const ShapeCase& row = GetParam();
  const Sampler sampler(row.distribution);
  Rng rng(1);
  std::vector<double> drawn(400'000);
  double sum = 0;
  double squares = 0;
  for (double& value : drawn) {
    value = sampler.at(rng.next());
    sum += value;
    squares += value * value;
  }
  const double mean = sum / static_cast<double>(drawn.size());
  EXPECT_NEAR(mean, row.mean, 0.01 * row.mean);
  EXPECT_NEAR(sampler.mean(), row.mean, 1e-9);
  EXPECT_NEAR(sampler.cv2(), row.cv2, 0.03 * row.cv2 + 1e-6);
  const double cv2 = squares / static_cast<double>(drawn.size()) / (mean * mean) - 1;
  EXPECT_NEAR(cv2, row.cv2, 0.06 * row.cv2 + 1e-3);
  std::ranges::sort(drawn);
  EXPECT_NEAR(drawn[static_cast<std::size_t>(0.99 * 400'000)], row.p99, 0.03 * row.p99);
  EXPECT_NEAR(sampler.quantile(0.99), row.p99, 0.01 * row.p99);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Sampled,
    testing::Values(
        ShapeCase{"Constant", {.kind = Distribution::Kind::constant, .mean = 7}, 7, 0, 7},
        ShapeCase{"Exponential",
                  {.kind = Distribution::Kind::exponential, .mean = 10},
                  10,
                  1,
                  10 * std::log(100.0)},
        // exp(mu + 2.3263 sigma) with sigma^2 = ln(1.36), mu = ln(40) - sigma^2 / 2
        ShapeCase{"Lognormal", {.mean = 40, .cv = 0.6}, 40, 0.36, 124.8},
        // (a / (a - 1)) in units of the least; p99 = least * 100^(1/a), a = 5
        ShapeCase{"Pareto",
                  {.kind = Distribution::Kind::pareto, .mean = 10, .shape = 5},
                  10,
                  1.0 / 15,
                  8 * std::pow(100.0, 0.2)},
        ShapeCase{"Empirical",
                  {.kind = Distribution::Kind::empirical, .mean = 3, .values = {1, 3, 2}},
                  3,
                  1.0 / 12,
                  4.47}),
    [](const auto& row) { return row.param.name; });

TEST(Sampler, GivesBothHumpsTheirShare) {
  const Sampler sampler({.kind = Distribution::Kind::bimodal,
                         .mean = 18,
                         .slow_share = 0.1,
                         .slow_factor = 9});  // 10 and 90 around a mean of 18
  EXPECT_NEAR(sampler.quantile(0.45), 10, 0.3);
  EXPECT_NEAR(sampler.quantile(0.95), 90, 2);
  EXPECT_LT(sampler.quantile(0.89), 15);
  EXPECT_GT(sampler.quantile(0.91), 70);
}

struct FactorCase {
  const char* name;
  DemandShape shape;
  double t_ms;
  double factor;
};

class Shape : public testing::TestWithParam<FactorCase> {};

TEST_P(Shape, HasItsFactorAtTheTime) {
  EXPECT_NEAR(factor_at(GetParam().shape, GetParam().t_ms), GetParam().factor, 1e-9);
}

const DemandShape k_surge = {.kind = DemandShape::Kind::surge,
                             .level = 3,
                             .at_ms = 10,
                             .rise_ms = 4,
                             .hold_ms = 6,
                             .fall_ms = 10};
const DemandShape k_lines = {.kind = DemandShape::Kind::piecewise,
                             .points = {{10, 1}, {20, 2}, {20, 5}, {30, 4}}};
const DemandShape k_trace = {
    .kind = DemandShape::Kind::trace, .phase_ms = 5, .step_ms = 10, .values = {1, 2, 3}};

INSTANTIATE_TEST_SUITE_P(
    Table, Shape,
    testing::Values(
        FactorCase{"SineTop",
                   {.kind = DemandShape::Kind::sine, .amplitude = 0.5, .period_ms = 100},
                   25,
                   1.5},
        FactorCase{
            "SinePhase",
            {.kind = DemandShape::Kind::sine, .amplitude = 0.5, .period_ms = 100, .phase_ms = 50},
            25,
            0.5},
        FactorCase{"BeforeASurge", k_surge, 9, 1}, FactorCase{"RisingSurge", k_surge, 12, 2},
        FactorCase{"TopOfASurge", k_surge, 15, 3}, FactorCase{"FallingSurge", k_surge, 25, 2},
        FactorCase{"AfterASurge", k_surge, 31, 1}, FactorCase{"BeforeTheLines", k_lines, 0, 1},
        FactorCase{"OnALine", k_lines, 15, 1.5}, FactorCase{"AfterAStep", k_lines, 25, 4.5},
        FactorCase{"AfterTheLines", k_lines, 99, 4}, FactorCase{"Trace", k_trace, 6, 2},
        FactorCase{"TraceGoesRound", k_trace, 27, 1}),
    [](const auto& row) { return row.param.name; });

struct Gaps {
  double rate = 0;
  double cv2 = 0;
};

Gaps measure(const Arrivals& arrivals) {
  const SourceDemand demand = {.rps = 1000};
  ArrivalStream stream(demand, arrivals, Rng(3));
  Ticks now = 0;
  double sum = 0;
  double squares = 0;
  constexpr int k_count = 300'000;
  for (int n = 0; n < k_count; ++n) {
    const Ticks next = stream.next(now, UINT64_MAX);
    const double gap = to_ms(next - now);
    sum += gap;
    squares += gap * gap;
    now = next;
  }
  const double mean = sum / k_count;
  return {.rate = 1000 / mean, .cv2 = squares / k_count / (mean * mean) - 1};
}

TEST(ArrivalStream, HasItsRateAndItsIrregularity) {
  const Gaps poisson = measure({});
  EXPECT_NEAR(poisson.rate, 1000, 10);
  EXPECT_NEAR(poisson.cv2, 1, 0.03);
  const Gaps gamma = measure({.kind = Arrivals::Kind::gamma, .cv2 = 4});
  EXPECT_NEAR(gamma.rate, 1000, 20);
  EXPECT_NEAR(gamma.cv2, 4, 0.2);
  const Gaps regular = measure({.kind = Arrivals::Kind::gamma, .cv2 = 0.25});
  EXPECT_NEAR(regular.rate, 1000, 10);
  EXPECT_NEAR(regular.cv2, 0.25, 0.02);
  const Gaps bursts = measure({.kind = Arrivals::Kind::mmpp, .burst = 4, .burst_share = 0.2});
  EXPECT_NEAR(bursts.rate, 1000, 120);
  EXPECT_GT(bursts.cv2, 1.5);
}

TEST(ArrivalStream, FollowsAChangeOfScaleAtOnce) {
  const SourceDemand demand = {.rps = 1000};
  ArrivalStream stream(demand, {}, Rng(3));
  Ticks now = 0;
  while (now < 500'000'000) now = stream.next(now, UINT64_MAX);
  stream.set_scale(0);
  EXPECT_EQ(stream.next(now, 5'000'000'000), 5'000'000'000U);
}

TEST(RecentAnswers, GiveTheMedianOfThoseNearTheNumberInFlight) {
  RecentAnswers answers;
  EXPECT_EQ(answers.near(3), 0);
  for (int n = 0; n < 12; ++n) answers.add(2, 10 + n % 3);
  for (int n = 0; n < 12; ++n) answers.add(20, 100 + n % 3);
  EXPECT_NEAR(answers.near(1), 11, 0.01);
  EXPECT_NEAR(answers.near(25), 101, 0.01);
}

TEST(RecentAnswers, ForgetTheOldest) {
  RecentAnswers answers;
  for (int n = 0; n < 32; ++n) answers.add(2, 10);
  for (int n = 0; n < 32; ++n) answers.add(2, 50);
  EXPECT_EQ(answers.near(2), 50);
}

TEST(RequestPool, KeepsTheOpenOnesInTheOrderTheyWereSent) {
  RequestPool pool;
  const std::uint32_t a = pool.take();
  const std::uint32_t b = pool.take();
  const std::uint32_t c = pool.take();
  pool.open(a);
  pool.open(b);
  pool.open(c);
  pool.close(a);
  EXPECT_EQ(pool.oldest_open(), b);
  const std::uint32_t fresh = pool.take();
  pool[fresh] = pool[b];
  pool.replace(b, fresh);
  EXPECT_EQ(pool.oldest_open(), fresh);
  pool.close(fresh);
  EXPECT_EQ(pool.oldest_open(), c);
  pool.close(c);
  EXPECT_EQ(pool.oldest_open(), k_none);
}

TEST(RequestPool, ReusesWhatNobodyHolds) {
  RequestPool pool;
  const std::uint32_t a = pool.take();
  pool[a].inside = true;
  pool.release_if_done(a);
  const std::uint32_t b = pool.take();
  EXPECT_NE(a, b);
  pool[a].inside = false;
  pool.release_if_done(a);
  EXPECT_EQ(pool.take(), a);
}

TEST(Source, UsesThePublishedWeightsWhenNothingServes) {
  const Scenario scenario = three_regions(0.5);
  const std::vector<double> weights = {100, 50, 50};
  Source source(scenario, 0, weights, 1);
  for (std::size_t to = 0; to < 3; ++to) {
    source.set_ready_share(to, 0);
    source.look(to, 0);
    EXPECT_FALSE(source.serves(to));
  }
  EXPECT_EQ(source.effective()[0], 100);
  source.set_ready_share(1, 1);
  source.look(1, 0);
  EXPECT_EQ(source.effective()[0], 100) << "still held away";
  source.look(1, to_ticks(scenario.health.hold_ms));
  EXPECT_TRUE(source.serves(1));
}

}  // namespace
}  // namespace weir::controller
