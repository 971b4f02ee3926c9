// What the agents of a simulation do: queues, retries, health, spilling.

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

TEST(SimulatedAgents, NeverHaveMoreAtAServerThanWorkersAndQueue) {
  for (const auto discipline :
       {ServiceModel::Discipline::fifo, ServiceModel::Discipline::sharing}) {
    Scenario scenario = three_regions(2.0);
    scenario.model.discipline = discipline;
    scenario.model.queue_limit = 10;
    Simulation simulation(scenario, 1);
    double most = 0;
    while (simulation.advance()) {
      for (const Truth::Region& region : simulation.truth().regions) {
        EXPECT_LE(region.in_flight, 4 * (4 + 10));
        most = std::max(most, region.in_flight);
      }
    }
    EXPECT_GT(most, 40);
  }
}

TEST(SimulatedAgents, RetryARefusalOnceInAnotherRegion) {
  Scenario scenario = three_regions(0.3);
  scenario.incidents.push_back(
      {.kind = Incident::Kind::crash, .at_ms = 20'000, .for_ms = 1500, .regions = {1}, .share = 1});
  scenario.retries = {.most = 1, .on_errors = false, .budget = 1, .budget_most = 1000};
  FixedPolicy policy = static_weights(scenario);
  const SimulationResult with = run(scenario, 1, policy);
  EXPECT_EQ(with.total.errors, 0U);
  EXPECT_GT(with.total.retries, 100U);
  scenario.retries.most = 0;
  const SimulationResult without = run(scenario, 1, policy);
  EXPECT_NEAR(static_cast<double>(without.total.errors), static_cast<double>(with.total.retries),
              0.1 * static_cast<double>(with.total.retries));
}

TEST(SimulatedAgents, RetryNoMoreThanTheBudget) {
  Scenario scenario = three_regions(2.5);
  scenario.model.queue_limit = 5;
  scenario.retries = {.most = 1, .on_errors = false, .budget = 0.1, .budget_most = 10};
  FixedPolicy policy = static_weights(scenario);
  const SimulationResult result = run(scenario, 1, policy);
  const auto offered = static_cast<double>(result.total.offered);
  EXPECT_GT(static_cast<double>(result.total.errors), 0.3 * offered);
  EXPECT_NEAR(static_cast<double>(result.total.retries), 0.1 * offered, 0.01 * offered);
}

/// Everything at home, and this many requests open there and elsewhere.
class HomeUpToALimit final : public ServicePolicy {
 public:
  HomeUpToALimit(double home, double elsewhere) : home_(home), elsewhere_(elsewhere) {}
  std::string_view name() const override { return "home up to a limit"; }
  ServiceWish observe(const ServiceObservation& seen) override {
    last = seen;
    ServiceWish wish{.shares = Grid<double>(3, 3), .shed = {}, .why = {}, .expected_in_slo = {}};
    wish.in_flight_limits = Grid<double>(3, 3, elsewhere_);
    for (std::size_t i = 0; i < 3; ++i) {
      wish.shares(i, i) = 1;
      wish.in_flight_limits(i, i) = home_;
    }
    return wish;
  }
  ServiceObservation last;

 private:
  double home_;
  double elsewhere_;
};

TEST(SimulatedAgents, SendABurstWhereThereIsRoomBeforeNewWeightsCome) {
  Scenario scenario = three_regions(0.4);
  scenario.min_share = 0;
  scenario.demand[1].shapes.push_back(
      {.kind = DemandShape::Kind::surge, .level = 3, .at_ms = 30'000, .hold_ms = 20'000});
  HomeUpToALimit limited(18, 12);
  const SimulationResult with = run(scenario, 1, limited);
  SimulationOptions options;
  options.limits = false;
  const SimulationResult without = run(scenario, 1, limited, options);
  EXPECT_GT(with.total.share_in(1), 0.98);
  EXPECT_LT(without.total.share_in(1), 0.9);
  EXPECT_GT(with.total.remote, 1000U);
  EXPECT_EQ(without.total.remote, 0U);
}

TEST(SimulatedAgents, FollowTheWeightsWhereNoneHasRoom) {
  const Scenario scenario = three_regions(0.5);
  HomeUpToALimit none(1, 1);
  HomeUpToALimit unlimited(0, 50);
  EXPECT_GT(run(scenario, 1, none).total.remote, 0U);
  EXPECT_LT(run(scenario, 1, none).total.remote, run(scenario, 1, none).total.offered / 10);
  EXPECT_LT(run(scenario, 1, unlimited).total.remote, run(scenario, 1, none).total.remote);
}

TEST(SimulatedAgents, TellWhatTheWeightsHadChosen) {
  Scenario scenario = three_regions(0.5);
  scenario.min_share = 0;
  HomeUpToALimit limited(4, 50);
  Simulation simulation(scenario, 1);
  while (simulation.advance()) simulation.wish(limited.observe(simulation.seen()));
  const Grid<PairSeen>& pairs = limited.last.pairs;
  EXPECT_GT(pairs(1, 1).chosen, pairs(1, 1).sent);
  EXPECT_EQ(pairs(1, 0).chosen, 0);
  EXPECT_GT(pairs(1, 0).sent, 0);
}

TEST(SimulatedAgents, RetryErrorsOnlyWhenTold) {
  for (const bool on_errors : {false, true}) {
    Scenario scenario = three_regions(0.3);
    scenario.incidents.push_back(
        {.kind = Incident::Kind::errors, .at_ms = 0, .regions = {1}, .share = 0.2, .factor = 0.5});
    scenario.retries = {.most = 1, .on_errors = on_errors, .budget = 1, .budget_most = 1000};
    FixedPolicy policy = static_weights(scenario);
    const SimulationResult result = run(scenario, 1, policy);
    if (on_errors) {
      EXPECT_EQ(result.total.errors, 0U);
    } else {
      EXPECT_GT(result.total.errors, 1000U);
    }
  }
}

TEST(SimulatedAgents, GiveUpAfterTheTimeoutAndNotBefore) {
  Scenario scenario = one_region(1, 1, 0.5, Distribution::Kind::constant);
  scenario.duration_ms = 60'000;
  scenario.model.time.mean = 100;
  scenario.demand[0].rps = 5;
  scenario.incidents.push_back({.kind = Incident::Kind::brown_out,
                                .at_ms = 30'000,
                                .for_ms = 10'000,
                                .regions = {0},
                                .factor = 20});
  scenario.model.request_timeout_ms = 1000;
  FixedPolicy policy = local_only(1);
  const SimulationResult result = run(scenario, 1, policy);
  EXPECT_GT(result.total.timeouts, 30U);
  EXPECT_GT(result.total.ok, 100U);
  EXPECT_LE(result.latency.quantile(1).count(), 1'063'000);  // a bucket's width above 1 s
}

TEST(SimulatedAgents, LetAServerSkipWhatNobodyWaitsFor) {
  std::array<double, 2> served{};
  for (const bool drops : {false, true}) {
    Scenario scenario = three_regions(0.6);
    scenario.model.queue_limit = 1000;
    scenario.model.request_timeout_ms = 300;
    scenario.model.drops_abandoned = drops;
    for (SourceDemand& demand : scenario.demand) {
      demand.shapes.push_back(
          {.kind = DemandShape::Kind::surge, .level = 4, .at_ms = 20'000, .hold_ms = 5000});
    }
    FixedPolicy policy = local_only(3);
    served[drops ? 1 : 0] = static_cast<double>(run(scenario, 1, policy).total.ok);
  }
  EXPECT_GT(served[1], 1.1 * served[0]);  // no seconds of work on a backlog nobody wants
}

TEST(SimulatedAgents, SpillInProportionToTheReadyServers) {
  for (const double spill_below : {0.0, 1.0}) {
    Scenario scenario = three_regions(0.2);
    scenario.health.spill_below = spill_below;
    scenario.incidents.push_back(
        {.kind = Incident::Kind::crash, .at_ms = 20'000, .regions = {1}, .share = 0.5});
    Simulation simulation(scenario, 1);
    double before = 0;
    double after = 0;
    while (simulation.advance()) {
      const double sent = simulation.seen().pairs(0, 1).sent;
      if (simulation.now_ms() > 10'000 && simulation.now_ms() <= 20'000) before += sent / 10;
      if (simulation.now_ms() > 30'000 && simulation.now_ms() <= 60'000) after += sent / 30;
    }
    // Of weights 130, 100, 100 the middle one becomes 50.
    const double expected = spill_below > 0 ? before * (50.0 / 280) / (100.0 / 330) : before;
    EXPECT_NEAR(after, expected, 0.08 * before);
  }
}

TEST(SimulatedAgents, LeaveARegionWithoutServersAndComeBackSlowly) {
  Scenario scenario = three_regions(0.2);
  scenario.incidents.push_back({.kind = Incident::Kind::crash,
                                .at_ms = 15'000,
                                .for_ms = 10'000,
                                .regions = {2},
                                .share = 1});
  Simulation simulation(scenario, 1);
  std::vector<double> sent;
  while (simulation.advance()) sent.push_back(simulation.seen().pairs(0, 2).sent);
  const auto mean = [&sent](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t s = begin; s < end; ++s) sum += sent[s];
    return sum / static_cast<double>(end - begin);
  };
  EXPECT_GT(mean(15, 17), 0.7 * mean(5, 15));  // health checks lag
  EXPECT_EQ(mean(19, 32), 0);                  // 10 s dead, 2 s cold, checks, 5 s held
  EXPECT_LT(mean(34, 37), 0.8 * mean(5, 15));  // a ramp
  EXPECT_NEAR(mean(45, 60), mean(5, 15), 0.1 * mean(5, 15));
}

}  // namespace
}  // namespace weir::controller
