// Each incident does what it says, begins and ends when it says, and leaves no trace.

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

/// What one pair did in each second of a run.
struct Seen {
  std::vector<ServiceObservation> seconds;

  /// Mean over the seconds that end after `begin_s` and not after `end_s`.
  double mean(int begin_s, int end_s,
              const std::function<double(const ServiceObservation&)>& field) const {
    double sum = 0;
    for (int s = begin_s; s < end_s; ++s) sum += field(seconds[static_cast<std::size_t>(s)]);
    return sum / (end_s - begin_s);
  }
  double latency(int begin_s, int end_s, std::size_t from, std::size_t to) const {
    return mean(begin_s, end_s,
                [=](const auto& seen) { return seen.pairs(from, to).latency_mean_ms; });
  }
  double sent(int begin_s, int end_s, std::size_t from, std::size_t to) const {
    return mean(begin_s, end_s, [=](const auto& seen) { return seen.pairs(from, to).sent; });
  }
  double errors(int begin_s, int end_s, std::size_t from, std::size_t to) const {
    return mean(begin_s, end_s, [=](const auto& seen) { return seen.pairs(from, to).errors; });
  }
};

Scenario with(Scenario scenario, Incident incident) {
  scenario.incidents.push_back(std::move(incident));
  return scenario;
}

Seen watch(const Scenario& scenario, ServicePolicy& policy) {
  Seen seen;
  SimulationOptions options;
  options.max_step = 1;
  options.first_shares = policy.observe(ServiceObservation::blank(scenario.size())).shares;
  Simulation simulation(scenario, 11, options);
  while (simulation.advance()) {
    seen.seconds.push_back(simulation.seen());
    simulation.wish(policy.observe(simulation.seen()));
  }
  return seen;
}

Seen watch_local(const Scenario& scenario) {
  FixedPolicy policy = local_only(scenario.size());
  return watch(scenario, policy);
}

Seen watch_static(const Scenario& scenario) {
  FixedPolicy policy = static_weights(scenario);
  return watch(scenario, policy);
}

TEST(Incidents, ABrownOutSlowsItsShareOfTheServersAndNoOther) {
  const Seen seen = watch_local(with(three_regions(0.2), {.kind = Incident::Kind::brown_out,
                                                          .at_ms = 20'000,
                                                          .for_ms = 20'000,
                                                          .regions = {1},
                                                          .share = 0.5,
                                                          .factor = 3}));
  EXPECT_NEAR(seen.latency(5, 20, 1, 1), 21, 1);
  // Half of the requests take 60 ms; fewer, as the busier servers are chosen less.
  EXPECT_GT(seen.latency(22, 40, 1, 1), 31);
  EXPECT_LT(seen.latency(22, 40, 1, 1), 42);
  EXPECT_NEAR(seen.latency(22, 40, 0, 0), 21, 1);
  EXPECT_NEAR(seen.latency(42, 60, 1, 1), 21, 1);
}

TEST(Incidents, OtherHardwareChangesTheWholeRegionForGood) {
  const Seen seen = watch_local(
      with(three_regions(0.2),
           {.kind = Incident::Kind::hardware, .at_ms = 20'000, .regions = {2}, .factor = 0.5}));
  EXPECT_NEAR(seen.latency(5, 20, 2, 2), 21, 1);
  EXPECT_NEAR(seen.latency(22, 60, 2, 2), 11, 1);
}

TEST(Incidents, SharedWorkersFeelAChangeOfSpeedInTheMiddleOfARequest) {
  Scenario scenario = with(three_regions(0.2), {.kind = Incident::Kind::hardware,
                                                .at_ms = 20'000,
                                                .for_ms = 20'000,
                                                .regions = {0},
                                                .factor = 2});
  scenario.model.discipline = ServiceModel::Discipline::sharing;
  const Seen seen = watch_local(scenario);
  EXPECT_NEAR(seen.latency(5, 20, 0, 0), 21, 1);
  EXPECT_NEAR(seen.latency(22, 40, 0, 0), 41, 2);
  EXPECT_NEAR(seen.latency(42, 60, 0, 0), 21, 1);
}

TEST(Incidents, NoiseIsOnForItsShareOfTheTime) {
  Scenario scenario = with(three_regions(0.2), {.kind = Incident::Kind::noisy,
                                                .at_ms = 0,
                                                .regions = {0},
                                                .factor = 2,
                                                .on_ms = 1000,
                                                .off_ms = 3000});
  scenario.duration_ms = 300'000;
  const Seen seen = watch_local(scenario);
  // A quarter of the time 40 ms, else 20; the choice inside the region softens it.
  EXPECT_GT(seen.latency(5, 300, 0, 0), 23);
  EXPECT_LT(seen.latency(5, 300, 0, 0), 27);
}

TEST(Incidents, NoiseEndsWithEverythingAsItWas) {
  const Seen seen = watch_local(with(three_regions(0.2), {.kind = Incident::Kind::noisy,
                                                          .at_ms = 5'000,
                                                          .for_ms = 20'000,
                                                          .regions = {0},
                                                          .factor = 4,
                                                          .on_ms = 700,
                                                          .off_ms = 300}));
  EXPECT_GT(seen.latency(8, 25, 0, 0), 50);
  EXPECT_NEAR(seen.latency(30, 60, 0, 0), 21, 1);
}

TEST(Incidents, ALongerPathAddsItsTripAndShowsInTheMeasuredTime) {
  const Seen seen = watch_static(with(three_regions(0.2), {.kind = Incident::Kind::path_change,
                                                           .at_ms = 20'000,
                                                           .for_ms = 20'000,
                                                           .regions = {0},
                                                           .peers = {1},
                                                           .factor = 3}));
  EXPECT_NEAR(seen.latency(22, 40, 0, 1), 20 + 120, 4);
  EXPECT_NEAR(seen.latency(22, 40, 1, 0), 20 + 120, 4);
  EXPECT_NEAR(seen.latency(22, 40, 0, 2), 20 + 80, 4);
  EXPECT_NEAR(seen.latency(42, 60, 0, 1), 20 + 40, 2);
  const auto measured = [](const auto& observation) { return observation.paths(0, 1).rtt_ms; };
  EXPECT_NEAR(seen.mean(22, 40, measured), 120, 5);
  EXPECT_NEAR(seen.mean(42, 60, measured), 40, 2);
}

TEST(Incidents, ALostPacketComesAgainAfterTheRetransmission) {
  Scenario scenario = with(three_regions(0.2), {.kind = Incident::Kind::path_loss,
                                                .at_ms = 20'000,
                                                .for_ms = 20'000,
                                                .regions = {0},
                                                .peers = {1},
                                                .share = 0.1});
  const Seen seen = watch_static(scenario);
  // Two ways, each lost with 0.1 for 200 ms, and now and then twice for 400 more.
  EXPECT_NEAR(seen.latency(22, 40, 0, 1), 60.5 + 2 * (0.1 * 200 + 0.01 * 400 + 0.001 * 800), 6);
  EXPECT_NEAR(seen.mean(22, 40, [](const auto& s) { return s.paths(0, 1).loss; }), 0.1, 0.05);
  EXPECT_NEAR(seen.latency(42, 60, 0, 1), 60.5, 2);
}

TEST(Incidents, ACutPathIsLeftOnceItIsNoticedAndUsedAgainAfterHoldAndRamp) {
  Scenario scenario = with(three_regions(0.2), {.kind = Incident::Kind::path_cut,
                                                .at_ms = 20'000,
                                                .for_ms = 10'000,
                                                .regions = {0},
                                                .peers = {1}});
  const Seen seen = watch_static(scenario);
  const double before = seen.sent(10, 20, 0, 1);
  EXPECT_GT(before, 40);
  // 300 ms until it is noticed.
  EXPECT_NEAR(seen.sent(20, 21, 0, 1), 0.3 * before, 0.15 * before);
  EXPECT_EQ(seen.sent(21, 35, 0, 1), 0);  // 10 s away and 5 s held
  EXPECT_NEAR(seen.sent(36, 40, 0, 1), 0.5 * before, 0.2 * before);
  EXPECT_NEAR(seen.sent(42, 60, 0, 1), before, 0.1 * before);
  // What was under way is tried elsewhere as soon as that is known, not when patience ends.
  EXPECT_NEAR(seen.errors(20, 21, 0, 1), 0.3 * before, 0.2 * before);
  EXPECT_EQ(seen.mean(20, 60, [](const auto& s) { return s.pairs(0, 1).timeouts; }), 0);
  EXPECT_FALSE(seen.seconds[25].paths(0, 1).up);
  EXPECT_TRUE(seen.seconds[25].paths(0, 2).up);
}

TEST(Incidents, ACutRegionLosesItsClientsToTheNearestOne) {
  Scenario scenario =
      with(three_regions(0.2),
           {.kind = Incident::Kind::region_cut, .at_ms = 20'000, .for_ms = 20'000, .regions = {2}});
  const Seen seen = watch_static(scenario);
  const auto offered = [&](int begin, int end, std::size_t source) {
    return seen.mean(begin, end, [=](const auto& s) { return s.offered[source]; });
  };
  EXPECT_NEAR(offered(22, 40, 2), 0, 0);
  EXPECT_NEAR(offered(22, 40, 0), 320, 10);  // 80 ms away, the other one 120
  EXPECT_NEAR(offered(22, 40, 1), 160, 8);
  EXPECT_NEAR(offered(42, 60, 2), 160, 8);
  EXPECT_EQ(seen.sent(22, 40, 0, 2), 0);
}

TEST(Incidents, CrashedServersAreLeftByTheirAgentAfterFailedChecksAndComeBackCold) {
  Scenario scenario = with(three_regions(0.2), {.kind = Incident::Kind::crash,
                                                .at_ms = 20'000,
                                                .for_ms = 20'000,
                                                .regions = {1},
                                                .share = 0.5});
  const Seen seen = watch_local(scenario);
  const auto ready = [&](int second) {
    return seen.seconds[static_cast<std::size_t>(second)].servers[1].ready;
  };
  EXPECT_EQ(ready(19), 4);
  EXPECT_EQ(ready(20), 4);  // three checks a second apart have to fail
  EXPECT_EQ(ready(24), 2);
  EXPECT_EQ(ready(40), 2);  // 2 s of start, then two checks
  EXPECT_EQ(ready(46), 4);
}

TEST(Incidents, SilentMachinesCostTheTimeOfAConnection) {
  for (const bool silent : {false, true}) {
    Scenario scenario = with(three_regions(0.2), {.kind = Incident::Kind::crash,
                                                  .at_ms = 20'000,
                                                  .for_ms = 20'000,
                                                  .regions = {1},
                                                  .share = 1,
                                                  .silent = silent});
    scenario.retries.budget = 1;
    FixedPolicy policy = static_weights(scenario);
    const SimulationResult result = run(scenario, 2, policy);
    double worst = 0;
    for (std::size_t s = 21; s < 23; ++s) {
      worst = std::max(worst, result.intervals[s].counts.mean_latency_ms());
    }
    if (silent) {
      EXPECT_GT(worst, 150);
    } else {
      EXPECT_LT(worst, 110);
    }
  }
}

TEST(Incidents, ADeploymentRestartsEveryServerAFewAtATime) {
  Scenario scenario =
      with(three_regions(0.3),
           {.kind = Incident::Kind::deploy, .at_ms = 10'000, .regions = {0}, .share = 0.25});
  scenario.start = {.cold_ms = 1000, .warm_ms = 2000, .warm_speed = 0.5};
  const Seen seen = watch_local(scenario);
  int with_three = 0;
  double errors = 0;
  for (const ServiceObservation& second : seen.seconds) {
    EXPECT_GE(second.servers[0].ready, 3);
    with_three += second.servers[0].ready == 3 ? 1 : 0;
    for (const PairSeen& pair : second.pairs.cells()) errors += pair.errors;
  }
  EXPECT_GE(with_three, 8);  // four servers, each away for about three seconds
  EXPECT_LE(with_three, 24);
  EXPECT_EQ(seen.seconds.back().servers[0].ready, 4);
  EXPECT_EQ(errors, 0);  // it drains first
}

TEST(Incidents, ErrorsAreAnswersAndCountAsThem) {
  const Seen seen = watch_local(with(three_regions(0.2), {.kind = Incident::Kind::errors,
                                                          .at_ms = 20'000,
                                                          .for_ms = 20'000,
                                                          .regions = {2},
                                                          .share = 0.25}));
  EXPECT_EQ(seen.errors(5, 20, 2, 2), 0);
  EXPECT_NEAR(seen.errors(22, 40, 2, 2), 40, 5);
  EXPECT_EQ(seen.errors(42, 60, 2, 2), 0);
}

TEST(Incidents, ARogueRegionReportsPerfectHealthWhileItFails) {
  Incident rogue{.kind = Incident::Kind::rogue,
                 .at_ms = 20'000,
                 .for_ms = 20'000,
                 .regions = {1},
                 .share = 0.95,
                 .factor = 0.05};
  for (const bool lies : {false, true}) {
    rogue.lies_about_clients = lies;
    const Seen seen = watch_static(with(three_regions(0.2), rogue));
    const ServersSeen& servers = seen.seconds[30].servers[1];
    EXPECT_EQ(servers.ready, 4);
    EXPECT_EQ(servers.utilization, 0.2);
    EXPECT_EQ(servers.queue, 0);
    const double sent = seen.sent(22, 40, 0, 1);
    EXPECT_NEAR(seen.errors(22, 40, 0, 1), 0.95 * sent, 0.05 * sent);  // others tell the truth
    if (lies) {
      EXPECT_EQ(seen.errors(22, 40, 1, 1), 0);
    } else {
      EXPECT_GT(seen.errors(22, 40, 1, 1), 40);
    }
  }
}

TEST(Incidents, ASurgeMultipliesItsSources) {
  Scenario scenario = three_regions(0.2);
  scenario.demand[1].shapes.push_back({.kind = DemandShape::Kind::surge,
                                       .level = 3,
                                       .at_ms = 20'000,
                                       .rise_ms = 2000,
                                       .hold_ms = 10'000,
                                       .fall_ms = 2000});
  const Seen seen = watch_local(scenario);
  const auto offered = [&](int begin, int end) {
    return seen.mean(begin, end, [](const auto& s) { return s.offered[1]; });
  };
  EXPECT_NEAR(offered(5, 20), 160, 8);
  EXPECT_NEAR(offered(22, 32), 480, 16);
  EXPECT_NEAR(offered(34, 60), 160, 8);
}

TEST(Incidents, AutoscalingFollowsTheLoadAfterItsDelay) {
  Scenario scenario = three_regions(0.5);
  scenario.duration_ms = 200'000;
  scenario.autoscaling = {.on = true,
                          .target = 0.5,
                          .period_ms = 5000,
                          .delay_ms = 10'000,
                          .calm_ms = 20'000,
                          .least = 0.5,
                          .most = 2};
  scenario.demand[0].shapes.push_back(
      {.kind = DemandShape::Kind::surge, .level = 1.8, .at_ms = 20'000, .hold_ms = 80'000});
  const Seen seen = watch_local(scenario);
  const auto ready = [&](int second) {
    return seen.seconds[static_cast<std::size_t>(second)].servers[0].ready;
  };
  EXPECT_EQ(ready(18), 4);
  EXPECT_EQ(ready(29), 4);  // a period, the delay and a start have to pass
  EXPECT_GE(ready(60), 7);
  EXPECT_GE(ready(99), 7);
  EXPECT_LE(ready(190), 5);
  double errors = 0;
  for (int s = 120; s < 200; ++s) errors += seen.errors(s, s + 1, 0, 0);
  EXPECT_EQ(errors, 0);  // servers that go finish what they have
}

}  // namespace
}  // namespace weir::controller
