#include "controller/policy/planner/planner_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/controller/policy/planner/queue_world.h"

namespace weir::controller {
namespace {

Grid<double> three_rtts() {
  Grid<double> rtt(3, 3, 1.0);
  rtt(0, 1) = rtt(1, 0) = 60;
  rtt(0, 2) = rtt(2, 0) = 140;
  rtt(1, 2) = rtt(2, 1) = 90;
  return rtt;
}

/// Three regions of 800, 600 and 400 requests a second, loaded to this part of it.
QueueWorld three_regions(double load, std::uint64_t seed = 7) {
  return QueueWorld({{.workers = 32, .demand_rps = 800 * load},
                     {.workers = 24, .demand_rps = 600 * load},
                     {.workers = 16, .demand_rps = 400 * load}},
                    three_rtts(), 200, seed);
}

/// Lets the policy steer for so many intervals; returns the last wish.
ServiceWish steer(QueueWorld& world, PlannerPolicy& policy, ServiceWish wish, int intervals) {
  for (int i = 0; i < intervals; ++i) wish = policy.observe(world.run(wish.shares, wish.shed));
  return wish;
}

ServiceWish first_wish(const QueueWorld& world) {
  return {.shares = world.setting().static_weights,
          .shed = {0, 0, 0},
          .why = {},
          .expected_in_slo = {}};
}

TEST(PlannerPolicy, KeepsRequestsNearWhereNearIsBest) {
  QueueWorld world = three_regions(0.6);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = steer(world, policy, first_wish(world), 20);
  world.forget();
  wish = steer(world, policy, wish, 20);
  EXPECT_GT(world.in_slo() / world.offered(), 0.998);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_GT(wish.shares(i, i), 0.9) << i;
}

TEST(PlannerPolicy, LetsOpenWhatItPlannedAndPartOfWhatIsSpare) {
  QueueWorld world = three_regions(0.5);
  PlannerPolicy policy("planner", world.setting(), {});
  const ServiceWish wish = steer(world, policy, first_wish(world), 30);
  // 400 a second of 40 ms and a trip of 1 ms: 16 open; all of 800: 33.
  EXPECT_GT(wish.in_flight_limits(0, 0), 20);
  EXPECT_LT(wish.in_flight_limits(0, 0), 40);
  // Nothing is planned from 0 to 1, but it is near enough to take what has no room at home.
  EXPECT_GT(wish.in_flight_limits(0, 1), 10);
  EXPECT_GT(wish.overflow_weights(0, 1), wish.overflow_weights(0, 2));
}

TEST(PlannerPolicy, WorksWithoutAnyWordFromTheServers) {
  QueueWorld world = three_regions(0.7);
  world.report_servers(false);
  world.region(0).demand_rps = 900;  // more than region 0 carries
  world.region(1).demand_rps = 250;
  world.region(2).demand_rps = 100;
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = steer(world, policy, first_wish(world), 30);
  world.forget();
  steer(world, policy, wish, 30);
  EXPECT_GT(world.in_slo() / world.offered(), 0.98);
}

TEST(PlannerPolicy, TakesTheTrafficOffARegionThatFailsAndSaysItIsWell) {
  QueueWorld world = three_regions(0.5);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = steer(world, policy, first_wish(world), 20);
  world.region(1).failing = 1;
  world.region(1).lies = true;
  wish = steer(world, policy, wish, 3);
  for (std::size_t s = 0; s < 3; ++s) EXPECT_LE(wish.shares(s, 1), 0.02) << s;
}

TEST(PlannerPolicy, GetsARegionBackAfterItRecovered) {
  QueueWorld world = three_regions(0.5);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = steer(world, policy, first_wish(world), 20);
  world.region(1).failing = 1;
  wish = steer(world, policy, wish, 15);
  EXPECT_LE(wish.shares(1, 1), 0.02);
  world.region(1).failing = 0;
  wish = steer(world, policy, wish, 8);
  EXPECT_GT(wish.shares(1, 1), 0.4);
  wish = steer(world, policy, wish, 20);
  EXPECT_GT(wish.shares(1, 1), 0.7);
}

TEST(PlannerPolicy, LeavesARegionThatAnswersNothingBeforeItsRequestsTimeOut) {
  QueueWorld world = three_regions(0.5);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = steer(world, policy, first_wish(world), 20);
  world.region(1).silent = true;  // requests time out after two seconds
  wish = steer(world, policy, wish, 2);
  EXPECT_LE(wish.shares(1, 1), 0.1);
}

TEST(PlannerPolicy, RelievesARegionThatGotSlow) {
  QueueWorld world = three_regions(0.5);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = steer(world, policy, first_wish(world), 20);
  world.region(0).service_ms = 110;  // carries 290 of its 400 requests a second
  wish = steer(world, policy, wish, 6);
  world.forget();
  steer(world, policy, wish, 20);
  EXPECT_GT(world.in_slo() / world.offered(), 0.95);
}

TEST(PlannerPolicy, GivesTheSameWishesForTheSameObservations) {
  QueueWorld world = three_regions(0.8);
  PlannerPolicy one("planner", world.setting(), {});
  PlannerPolicy other("planner", world.setting(), {});
  ServiceWish wish = first_wish(world);
  for (int i = 0; i < 20; ++i) {
    const auto seen = world.run(wish.shares, wish.shed);
    wish = one.observe(seen);
    const ServiceWish same = other.observe(seen);
    ASSERT_EQ(wish.shares, same.shares);
    ASSERT_EQ(wish.expected_in_slo, same.expected_in_slo);
    ASSERT_EQ(wish.why, same.why);
  }
}

TEST(PlannerPolicy, IsUnmovedByACorrectionThatWasNeverTrained) {
  QueueWorld world = three_regions(0.8);
  PlannerPolicy planner("planner", world.setting(), {});
  PlannerPolicy learned("learned", world.setting(),
                        {.settings = {}, .weights = CorrectionNet::initial_weights(1)});
  ServiceWish wish = first_wish(world);
  for (int i = 0; i < 20; ++i) {
    const auto seen = world.run(wish.shares, wish.shed);
    wish = planner.observe(seen);
    ASSERT_EQ(learned.observe(seen).shares, wish.shares);
  }
}

TEST(PlannerPolicy, WishesTheStaticWeightsBeforeItHasSeenAnything) {
  const QueueWorld world = three_regions(0.5);
  PlannerPolicy policy("planner", world.setting(), {});
  const ServiceWish wish = policy.observe(ServiceObservation::blank(3));
  EXPECT_NEAR(wish.shares(0, 0) / wish.shares(0, 1), 1.3, 1e-9);
  EXPECT_EQ(wish.shed, std::vector<double>(3, 0.0));
}

TEST(PlannerPolicy, ExplainsEveryMoveByTermsThatAddUp) {
  QueueWorld world = three_regions(0.7);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = first_wish(world);
  Grid<double> before(3, 3);
  for (int i = 0; i < 30; ++i) {
    if (i == 15) world.region(0).service_ms = 90;
    wish = policy.observe(world.run(wish.shares, wish.shed));
    Grid<double> told(3, 3, 0.0);
    for (const Why& why : wish.why) told(why.from, why.to) += why.delta;
    for (std::size_t s = 0; s < 3 && i > 0; ++s) {
      for (std::size_t d = 0; d < 3; ++d) {
        const double move = wish.shares(s, d) - before(s, d);
        if (std::abs(move) >= 0.005) EXPECT_NEAR(told(s, d), move, 1e-9) << i;
      }
    }
    for (std::size_t k = 1; k < wish.why.size(); ++k) {
      EXPECT_GE(std::abs(wish.why[k - 1].delta), std::abs(wish.why[k].delta));
    }
    before = wish.shares;
  }
}

TEST(PlannerPolicy, ExpectsWhatThenHappens) {
  QueueWorld world = three_regions(0.6);
  PlannerPolicy policy("planner", world.setting(), {});
  const ServiceWish wish = steer(world, policy, first_wish(world), 40);
  world.forget();
  for (int i = 0; i < 10; ++i) world.run(wish.shares, wish.shed);
  double expected = 0;
  double demand = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    demand += world.region(s).demand_rps;
    for (std::size_t d = 0; d < 3; ++d) {
      expected += world.region(s).demand_rps * wish.shares(s, d) * wish.expected_in_slo(s, d);
    }
  }
  EXPECT_NEAR(expected / demand, world.in_slo() / world.offered(), 0.02);
}

TEST(PlannerPolicy, KeepsToResidencyAndToNumbersWhateverItIsShown) {
  Rng rng(11);
  const double bad[] = {std::numeric_limits<double>::quiet_NaN(),
                        std::numeric_limits<double>::infinity(),
                        -1,
                        0,
                        1e300,
                        1e-300};
  for (int round = 0; round < 40; ++round) {
    const std::size_t n = 1 + rng.below(5);
    ServiceSetting setting;
    for (std::size_t i = 0; i < n; ++i) {
      setting.regions.emplace_back("r" + std::to_string(i));
      setting.served_in.push_back({.endpoints = static_cast<double>(rng.below(5))});
    }
    setting.goal = static_cast<Goal>(rng.below(4));
    setting.may_shed = rng.chance(0.3);
    setting.max_step = rng.chance(0.5) ? 1 : 0.2;
    if (rng.chance(0.3)) setting.max_cost_per_hour = 10 * rng.unit();
    setting.kb_per_request = 10;
    setting.rtt_ms = Grid<double>(n, n, k_unknown);
    setting.cost_per_gb = Grid<double>(n, n, 0.02);
    setting.allowed = Grid<char>(n, n, 1);
    setting.static_weights = Grid<double>(n, n, 100.0);
    for (std::size_t i = 0; i < n * n; ++i) {
      if (rng.chance(0.3) && i % (n + 1) != 0) setting.allowed.cells()[i] = 0;
    }
    PlannerPolicy policy("planner", setting, {});
    for (int t = 0; t < 25; ++t) {
      const auto any = [&](double usual) {
        const double choice = rng.unit();
        if (choice < 0.2) return bad[rng.below(6)];
        return choice < 0.3 ? k_unknown : usual * rng.unit();
      };
      auto seen = ServiceObservation::blank(n);
      seen.t_ms = any(1e5);
      for (double& offered : seen.offered) offered = any(500);
      for (PairSeen& pair : seen.pairs.cells()) {
        pair = {.sent = any(500),
                .ok = any(500),
                .errors = any(50),
                .timeouts = any(50),
                .in_slo = any(500),
                .shed = any(5),
                .latency_mean_ms = any(300),
                .latency_p50_ms = any(300),
                .latency_p90_ms = any(300),
                .latency_p99_ms = any(900),
                .in_flight = any(900)};
      }
      for (ServersSeen& servers : seen.servers) {
        servers = {any(5), any(5), any(1), any(100), any(100)};
      }
      for (PathSeen& path : seen.paths.cells()) path = {any(200), any(1), rng.chance(0.9)};
      const ServiceWish wish = policy.observe(seen);
      ASSERT_EQ(wish.shares.rows(), n);
      for (std::size_t s = 0; s < n; ++s) {
        double sum = 0;
        for (std::size_t d = 0; d < n; ++d) {
          ASSERT_TRUE(std::isfinite(wish.shares(s, d)));
          ASSERT_GE(wish.shares(s, d), 0);
          if (setting.allowed(s, d) == 0) ASSERT_EQ(wish.shares(s, d), 0);
          sum += wish.shares(s, d);
        }
        ASSERT_NEAR(sum, 1, 1e-6);
        ASSERT_GE(wish.shed[s], 0);
        ASSERT_LE(wish.shed[s], setting.may_shed ? 1 : 0);
      }
      for (const Why& why : wish.why) {
        ASSERT_TRUE(std::isfinite(why.delta)) << why.term << " " << why.note;
      }
    }
  }
}

TEST(PlannerPolicy, PaysForTheCostGoalOnlyWhatIsToBeKept) {
  const auto priced = [](Goal goal, double keep) {
    QueueWorld world = three_regions(0.75);
    world.region(2).demand_rps = 500;  // 400 are carried there
    ServiceSetting setting = world.setting();
    setting.goal = goal;
    setting.keep_in_slo = keep;
    setting.kb_per_request = 100;
    setting.cost_per_gb = Grid<double>(3, 3, 0.05);
    for (std::size_t i = 0; i < 3; ++i) setting.cost_per_gb(i, i) = 0;
    PlannerPolicy policy("planner", setting, {});
    ServiceWish wish = steer(world, policy, first_wish(world), 30);
    world.forget();
    double abroad = 0;
    for (int i = 0; i < 30; ++i) {
      wish = policy.observe(world.run(wish.shares, wish.shed));
      for (std::size_t s = 0; s < 3; ++s) abroad += (1 - wish.shares(s, s)) / 3 / 30;
    }
    return std::pair(abroad, world.in_slo() / world.offered());
  };
  const auto [most_abroad, most_in_slo] = priced(Goal::goodput, 0.99);
  const auto [abroad, in_slo] = priced(Goal::cost, 0.97);
  const auto [less_abroad, less_in_slo] = priced(Goal::cost, 0.9);
  EXPECT_LT(abroad, most_abroad);
  EXPECT_LT(less_abroad, abroad);
  EXPECT_GT(in_slo, 0.95);
  EXPECT_GT(less_in_slo, 0.85);
}

TEST(PlannerPolicy, LeavesWhatIsInForceWhereNothingIsAllowed) {
  QueueWorld world = three_regions(0.5);
  ServiceSetting setting = world.setting();
  for (std::size_t s = 0; s < 3; ++s) setting.allowed(s, 2) = 0;  // served there no longer
  PlannerPolicy policy("planner", setting, {});
  ServiceWish wish = first_wish(world);
  for (int i = 0; i < 5; ++i) {
    ServiceObservation seen = world.run(wish.shares, wish.shed);
    seen.in_force = Grid<double>(3, 3, 1.0 / 3);
    seen.held = {1, 0, 0};  // by a pin of that time
    wish = policy.observe(seen);
    for (std::size_t s = 0; s < 3; ++s) EXPECT_EQ(wish.shares(s, 2), 0);
  }
}

TEST(PlannerPolicy, PlansAroundASourceThatOthersHold) {
  QueueWorld world = three_regions(0.6);
  PlannerPolicy policy("planner", world.setting(), {});
  ServiceWish wish = first_wish(world);
  const auto pinned = [&](ServiceWish& taken) {
    for (std::size_t d = 0; d < 3; ++d) taken.shares(0, d) = d == 1 ? 1 : 0;
  };
  for (int i = 0; i < 40; ++i) {
    if (i == 20) world.forget();
    pinned(wish);
    ServiceObservation seen = world.run(wish.shares, wish.shed);
    seen.in_force = wish.shares;
    seen.held = {1, 0, 0};
    wish = policy.observe(seen);
  }
  // The pin brings region 1 480 of its 600 requests a second: its own 360 have to go elsewhere.
  EXPECT_GT(wish.shares(0, 1), 0.98) << "what cannot move is not wished elsewhere";
  EXPECT_LT(wish.shares(1, 1), 0.4);
  EXPECT_GT(world.in_slo() / world.offered(), 0.98);
}

}  // namespace
}  // namespace weir::controller
