#include "controller/policy/rivals/slate.h"

#include <cmath>
#include <limits>

#include "common/sim/rng.h"
#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

TEST(CurveFit, FindsTheCurveItsSamplesLieOn) {
  const LatencyCurve truth{.a = 2e-9, .b = 12, .k = 4};
  CurveFit fit(400, 4);
  for (double x = 20; x <= 400; x += 20) fit.add(x, truth.at(x), 0);
  const LatencyCurve curve = fit.fitted(5, 500, 1e-9);
  EXPECT_NEAR(curve.a / truth.a, 1, 1e-6);
  EXPECT_NEAR(curve.b, truth.b, 1e-6);
}

TEST(CurveFit, IsThePriorBeforeTheFirstSampleAndNeverFallsWithLoad) {
  CurveFit fit(100, 2);
  const LatencyCurve prior = fit.fitted(10, 30, 5);
  EXPECT_NEAR(prior.at(0), 10, 1e-9);
  EXPECT_NEAR(prior.at(100), 30, 1e-9);
  for (int i = 0; i < 200; ++i) fit.add(i, 100 - 0.4 * i, 0);
  const LatencyCurve falling = fit.fitted(10, 30, 0.1);
  EXPECT_EQ(falling.a, 0);
  EXPECT_GT(falling.b, 0);
}

TEST(CurveFit, ForgetsOldSamples) {
  CurveFit fit(100, 4);
  for (int i = 0; i < 100; ++i) fit.add(50, 20, 0.1);
  for (int i = 0; i < 100; ++i) fit.add(50, 80, 0.1);
  EXPECT_NEAR(fit.fitted(20, 60, 0.01).at(50), 80, 0.5);
}

FlowProgram two_by_two() {
  FlowProgram program;
  program.demand = {300, 100};
  program.fixed_ms = Grid<double>(2, 2, 1);
  program.fixed_ms(0, 1) = program.fixed_ms(1, 0) = 20;
  program.curves = {{.a = 1e-8, .b = 10, .k = 4}, {.a = 1e-8, .b = 10, .k = 4}};
  program.limits = {1000, 1000};
  return program;
}

TEST(FlowProgram, EqualisesTheMarginalDelayOfTheDestinationsInUse) {
  const FlowProgram program = two_by_two();
  const Grid<double> flows = solve_flows(program, {});
  EXPECT_NEAR(flows(0, 0) + flows(0, 1), 300, 1e-6);
  EXPECT_NEAR(flows(1, 1), 100, 1e-6);
  ASSERT_GT(flows(0, 1), 1);
  const double here = 1 + program.curves[0].marginal(flows(0, 0));
  const double there = 20 + program.curves[1].marginal(flows(0, 1) + flows(1, 1));
  EXPECT_NEAR(here, there, 0.01);
}

TEST(FlowProgram, IsNotBeatenByAFineGrid) {
  Rng rng(7);
  for (int round = 0; round < 50; ++round) {
    FlowProgram program = two_by_two();
    for (double& demand : program.demand) demand = 50 + 600 * rng.unit();
    for (LatencyCurve& curve : program.curves) curve.a = 1e-9 * (1 + 30 * rng.unit());
    program.limits = {200 + 300 * rng.unit(), 200 + 300 * rng.unit()};
    const double found = total_delay(program, solve_flows(program, {}));
    for (int i = 0; i <= 100; ++i) {
      for (int j = 0; j <= 100; ++j) {
        Grid<double> flows(2, 2);
        flows(0, 0) = program.demand[0] * i / 100;
        flows(0, 1) = program.demand[0] - flows(0, 0);
        flows(1, 0) = program.demand[1] * j / 100;
        flows(1, 1) = program.demand[1] - flows(1, 0);
        ASSERT_LE(found, total_delay(program, flows) * (1 + 1e-6)) << round;
      }
    }
  }
}

TEST(FlowProgram, KeepsToPermittedPairsAndSharesAnOverload) {
  FlowProgram program = two_by_two();
  program.fixed_ms(0, 1) = std::numeric_limits<double>::infinity();
  program.limits = {100, 100};
  const Grid<double> flows = solve_flows(program, {});
  EXPECT_EQ(flows(0, 1), 0);
  EXPECT_NEAR(flows(0, 0), 300, 1e-6);
  program = two_by_two();
  program.limits = {100, 100};
  const Grid<double> shared = solve_flows(program, {});
  EXPECT_NEAR(shared(0, 0) + shared(1, 0), 200, 5);
}

TEST(WelchT, MatchesTheTextbook) {
  // Means 20.25 and 14.5; variances of the means 6.25 / 4 + 1.6667 / 4.
  const std::vector<double> slow = {18, 19, 20, 24};
  const std::vector<double> fast = {13, 14, 15, 16};
  EXPECT_NEAR(welch_t(slow, fast), 5.75 / std::sqrt(6.916667 / 4 + 1.666667 / 4), 1e-4);
  EXPECT_EQ(welch_t(slow, {}), 0);
}

class Climbing : public testing::Test {
 protected:
  void period(double mean_ms) {
    for (const double around : {-1.0, 0.0, 1.0, -0.5, 0.5}) climb_.sample(mean_ms + around);
    climb_.end_period(expected_, observed_);
  }

  HillClimb climb_{HillClimbOptions{}};
  std::vector<double> expected_ = {50, 50, k_unknown};
  std::vector<double> observed_ = {80, 40, k_unknown};
};

TEST_F(Climbing, MovesATenthFromTheSlowToTheQuickAndKeepsItWhenBetter) {
  climb_.restart(std::vector<double>{0.6, 0.4, 0});
  period(70);
  EXPECT_NEAR(climb_.shares()[0], 0.5, 1e-9);
  EXPECT_NEAR(climb_.shares()[1], 0.5, 1e-9);
  period(60);
  period(60);  // the next trial starts from what was kept
  EXPECT_NEAR(climb_.shares()[0], 0.4, 1e-9);
}

TEST_F(Climbing, TakesItBackWhenWorseAndRestsAfterTwo) {
  climb_.restart(std::vector<double>{0.6, 0.4, 0});
  for (int i = 0; i < 2; ++i) {
    period(70);
    EXPECT_NEAR(climb_.shares()[0], 0.5, 1e-9);
    period(75);
    EXPECT_NEAR(climb_.shares()[0], 0.6, 1e-9);
  }
  EXPECT_TRUE(climb_.resting());
  period(70);
  EXPECT_NEAR(climb_.shares()[0], 0.6, 1e-9);
}

/// What three M/M/1-like regions would answer to the shares in force.
ServiceObservation answers(const ServiceSetting& setting, double t_ms,
                           const std::vector<double>& demand, const Grid<double>& w,
                           const std::vector<double>& capacity) {
  ServiceObservation seen = offered(t_ms, demand);
  std::vector<double> load(3, 0);
  for (std::size_t from = 0; from < 3; ++from) {
    for (std::size_t to = 0; to < 3; ++to)
      load[to] += demand[from] * w(from, to) / row_sum(w, from);
  }
  for (std::size_t to = 0; to < 3; ++to) {
    const double busy = std::min(0.99, load[to] / capacity[to]);
    seen.servers[to].utilization = busy;
    for (std::size_t from = 0; from < 3; ++from) {
      const double sent = demand[from] * w(from, to) / row_sum(w, from);
      PairSeen& pair = seen.pairs(from, to);
      pair.sent = pair.ok = pair.in_slo = sent;
      if (sent > 0) pair.latency_mean_ms = setting.rtt_ms(from, to) + 20 / (1 - busy);
    }
  }
  return seen;
}

Grid<double> settled(Slate& policy, const std::vector<double>& demand,
                     const std::vector<double>& capacity,
                     const ServiceSetting& setting = three_regions()) {
  Grid<double> shares = setting.static_weights;
  for (double t_ms = 1000; t_ms <= 120'000; t_ms += 1000) {
    shares = policy.observe(answers(setting, t_ms, demand, shares, capacity)).shares;
  }
  return shares;
}

SlateOptions without_climbing(bool continuous) {
  SlateOptions options;
  options.profile.continuous = continuous;
  options.climb.step = 0;
  return options;
}

TEST(Slate, StaysAtHomeWhenThereIsRoomAndSpillsToTheNearestWhenThereIsNot) {
  ServiceSetting setting = three_regions();
  // Shorter than by way of b: else a's requests to b and b's to c cost no more than a's to c.
  setting.rtt_ms(0, 2) = setting.rtt_ms(2, 0) = 80;
  Slate policy(setting, "slate-continuous", without_climbing(true));
  const Grid<double> shares = settled(policy, {1300, 300, 300}, {1000, 1000, 1000}, setting);
  EXPECT_LT(shares(0, 0) / row_sum(shares, 0), 0.75);
  EXPECT_GT(shares(0, 1), shares(0, 2));
  EXPECT_GT(shares(1, 1) / row_sum(shares, 1), 0.99);
  EXPECT_GT(shares(2, 2) / row_sum(shares, 2), 0.99);
}

TEST(Slate, SeesASlowRegionOnlyWhenItsModelKeepsLearning) {
  Slate frozen(three_regions(), "slate-static", without_climbing(false));
  Slate fresh(three_regions(), "slate-continuous", without_climbing(true));
  const std::vector<double> demand = {500, 300, 300};
  settled(frozen, demand, {1000, 1000, 1000});
  settled(fresh, demand, {1000, 1000, 1000});
  const Grid<double> frozen_shares = settled(frozen, demand, {400, 1000, 1000});
  const Grid<double> fresh_shares = settled(fresh, demand, {400, 1000, 1000});
  const double frozen_at_home = frozen_shares(0, 0) / row_sum(frozen_shares, 0);
  EXPECT_LT(fresh_shares(0, 0) / row_sum(fresh_shares, 0), frozen_at_home - 0.1);
}

TEST(Slate, PaysForDistanceOnlyWhenSteeredForCost) {
  ServiceSetting setting = three_regions();
  setting.kb_per_request = 12;
  setting.cost_per_gb = Grid<double>(3, 3, 0.02);
  for (std::size_t i = 0; i < 3; ++i) setting.cost_per_gb(i, i) = 0;
  SlateOptions options = without_climbing(false);
  Slate quick(setting, "slate-static", options);
  setting.goal = Goal::cost;
  Slate cheap(setting, "slate-static", options);
  const std::vector<double> demand = {900, 100, 100};
  const Grid<double> quick_shares = settled(quick, demand, {1000, 1000, 1000});
  const Grid<double> cheap_shares = settled(cheap, demand, {1000, 1000, 1000});
  EXPECT_GT(cheap_shares(0, 0) / row_sum(cheap_shares, 0),
            quick_shares(0, 0) / row_sum(quick_shares, 0));
}

}  // namespace
}  // namespace weir::controller
