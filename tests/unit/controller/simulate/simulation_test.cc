#include "controller/simulate/simulation.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

TEST(Simulation, GivesTheSameTraceForTheSameSeedAndAnotherForAnother) {
  const Scenario scenario = three_regions(0.7);
  FixedPolicy policy = static_weights(scenario);
  const SimulationResult one = run(scenario, 7, policy);
  const SimulationResult again = run(scenario, 7, policy);
  const SimulationResult other = run(scenario, 8, policy);
  EXPECT_EQ(one.trace, again.trace);
  EXPECT_EQ(one.total, again.total);
  EXPECT_NE(one.trace, other.trace);
}

TEST(Simulation, AccountsForEveryRequest) {
  Scenario scenario = three_regions(1.4);  // far too much
  scenario.model.queue_limit = 20;
  scenario.model.request_timeout_ms = 150;
  scenario.model.error_share = 0.01;
  FixedPolicy policy = static_weights(scenario);
  const SimulationResult result = run(scenario, 3, policy);
  const Counts& total = result.total;
  EXPECT_GT(total.errors, 1000U);
  EXPECT_GT(total.timeouts, 1000U);
  EXPECT_GT(total.retries, 100U);
  EXPECT_EQ(total.offered, total.ok + total.errors + total.timeouts + total.shed);
  Counts intervals;
  for (const IntervalResult& interval : result.intervals) intervals.add(interval.counts);
  EXPECT_EQ(intervals.offered, result.requests);
  EXPECT_EQ(intervals.offered, intervals.ok + intervals.errors + intervals.timeouts);
}

TEST(Simulation, AsksEveryPolicyTheSameRequests) {
  const Scenario scenario = three_regions(0.5);
  FixedPolicy near = local_only(3);
  FixedPolicy wide = static_weights(scenario);
  const SimulationResult one = run(scenario, 4, near);
  const SimulationResult other = run(scenario, 4, wide);
  EXPECT_EQ(one.requests, other.requests);
  for (std::size_t i = 0; i < one.intervals.size(); ++i) {
    EXPECT_EQ(one.intervals[i].counts.offered, other.intervals[i].counts.offered);
  }
}

TEST(Simulation, SendsRequestsByTheWeights) {
  Scenario scenario = three_regions(0.3);
  Grid<double> shares(3, 3, 1);
  shares(0, 0) = 2;
  FixedPolicy policy(shares);
  const SimulationResult result = run(scenario, 1, policy, {.max_step = 1, .first_shares = shares});
  double row = 0;
  for (std::size_t to = 0; to < 3; ++to) row += static_cast<double>(result.pairs(0, to).offered);
  EXPECT_NEAR(static_cast<double>(result.pairs(0, 0).offered) / row, 0.5, 0.005);
  EXPECT_NEAR(static_cast<double>(result.pairs(0, 2).offered) / row, 0.25, 0.005);
}

TEST(Simulation, TakesAsLongAsServiceAndTrip) {
  const Scenario scenario = three_regions(0.2);
  FixedPolicy policy = static_weights(scenario);
  const SimulationResult result = run(scenario, 2, policy);
  EXPECT_NEAR(result.pairs(0, 0).mean_latency_ms(), 21, 1);
  EXPECT_NEAR(result.pairs(0, 1).mean_latency_ms(), 60.5, 2);
  EXPECT_NEAR(result.pairs(1, 2).mean_latency_ms(), 141, 3);
}

TEST(Simulation, StepByStepIsTheSameAsInOneGo) {
  const Scenario scenario = three_regions(0.7);
  FixedPolicy policy = static_weights(scenario);
  Simulation simulation(scenario, 7);
  while (simulation.advance()) simulation.wish(policy.observe(simulation.seen()));
  EXPECT_EQ(simulation.finish().trace, run(scenario, 7, policy).trace);
}

TEST(Simulation, ReportsWhatEndedInTheInterval) {
  Simulation simulation(three_regions(0.5), 1);
  double sent = 0;
  double ended = 0;
  while (simulation.advance()) {
    const ServiceObservation& seen = simulation.seen();
    double in_flight = 0;
    for (const PairSeen& pair : seen.pairs.cells()) {
      sent += pair.sent;
      ended += pair.ended();
      in_flight += pair.in_flight;
      EXPECT_LE(pair.in_slo, pair.ok);
    }
    ASSERT_EQ(sent - ended, in_flight) << seen.t_ms;
  }
  EXPECT_GT(sent, 60'000);
}

TEST(Simulation, HoldsTheStepLimitUnlessToldOtherwise) {
  const Scenario scenario = three_regions(0.5);
  const auto share_after_one = [&](const SimulationOptions& options) {
    Simulation simulation(scenario, 1, options);
    simulation.advance();
    Grid<double> shares(3, 3);
    for (std::size_t i = 0; i < 3; ++i) shares(i, i) = 1;
    simulation.wish({.shares = shares, .shed = {}, .why = {}, .expected_in_slo = {}});
    return simulation.shares()(0, 0);
  };
  EXPECT_NEAR(share_after_one({}), 130.0 / 330 + 0.2, 0.001);
  EXPECT_NEAR(share_after_one({.max_step = 1}), 1, 0.001);
}

TEST(Simulation, ShedsOnlyWhereItMay) {
  for (const bool may : {false, true}) {
    Scenario scenario = three_regions(0.5);
    scenario.may_shed = may;
    Simulation simulation(scenario, 1);
    while (simulation.advance()) {
      simulation.wish({.shares = simulation.setting().static_weights,
                       .shed = {0.3, 0, 0},
                       .why = {},
                       .expected_in_slo = {}});
    }
    const SimulationResult result = simulation.finish();
    const double row = static_cast<double>(result.total.offered) / 3;
    EXPECT_NEAR(static_cast<double>(result.total.shed) / row, may ? 0.3 : 0, 0.02);
  }
}

TEST(Simulation, NeverLeavesWhatResidencyAllows) {
  Scenario scenario = three_regions(0.3);
  scenario.allowed = Grid<char>(3, 3, 1);
  scenario.allowed(1, 0) = scenario.allowed(1, 2) = 0;
  FixedPolicy policy(Grid<double>(3, 3, 1));
  const SimulationResult result = run(scenario, 1, policy);
  EXPECT_EQ(result.pairs(1, 0).offered + result.pairs(1, 2).offered, 0U);
  EXPECT_GT(result.pairs(1, 1).offered, 10'000U);
}

}  // namespace
}  // namespace weir::controller
