#include "controller/policy/planner/share_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

/// A little world of n regions whose values fall with load as a logistic curve.
struct Problem {
  std::size_t n;
  std::vector<double> demand;
  std::vector<double> capacity;
  UtilityTable utility;
  Grid<char> allowed;
  Grid<double> price;
  Grid<double> previous;
  double max_step = 1;
  double churn_price = 0;
  bool may_shed = false;

  explicit Problem(std::size_t size)
      : n(size),
        demand(size, 100.0),
        capacity(size, 100.0),
        utility(size, size),
        allowed(size, size, 1),
        price(size, size, 0.0),
        previous(size, size, 0.0) {
    for (std::size_t i = 0; i < n; ++i) previous(i, i) = 1;
  }

  /// A request is worth `best` at the destination when it is idle.
  void set_value(std::size_t s, std::size_t d, double best, double steep = 30) {
    for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
      const double rho = UtilityTable::loads()[k];
      utility.row(d, k)[s] = best / (1 + std::exp(steep * (rho - 0.95)));
    }
  }

  PlanInput input() const {
    return {.demand = demand,
            .capacity = capacity,
            .utility = utility,
            .allowed = allowed,
            .price = price,
            .previous = previous,
            .churn_price = churn_price,
            .max_step = max_step,
            .may_shed = may_shed,
            .shed_value = 0.001};
  }
};

Problem drawn(std::size_t n, Rng& rng) {
  Problem problem(n);
  for (std::size_t i = 0; i < n; ++i) {
    problem.demand[i] = 20 + 150 * rng.unit();
    problem.capacity[i] = 50 + 150 * rng.unit();
    for (std::size_t j = 0; j < n; ++j) {
      problem.set_value(i, j, i == j ? 1 : 0.3 + 0.69 * rng.unit(), 15 + 30 * rng.unit());
    }
  }
  return problem;
}

/// The best of all shares on a grid, for two regions.
double best_on_grid(const PlanInput& input, int steps) {
  double best = -1e18;
  Grid<double> shares(2, 2);
  for (int a = 0; a <= steps; ++a) {
    for (int b = 0; b <= steps; ++b) {
      shares(0, 0) = static_cast<double>(a) / steps;
      shares(0, 1) = 1 - shares(0, 0);
      shares(1, 1) = static_cast<double>(b) / steps;
      shares(1, 0) = 1 - shares(1, 1);
      best = std::max(best, plan_value(input, shares, {}));
    }
  }
  return best;
}

TEST(SharePlan, LeavesRoomForWhatComesAnyhow) {
  Problem problem(2);
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t d = 0; d < 2; ++d) problem.set_value(s, d, s == d ? 0.99 : 0.9);
  }
  problem.demand = {70, 10};
  EXPECT_NEAR(plan_shares(problem.input()).shares(0, 0), 1, 1e-6);
  const std::vector<double> besides = {50, 0};
  PlanInput input = problem.input();
  input.besides = besides;
  const Plan plan = plan_shares(input);
  EXPECT_LT(plan.load[0], 95);
  EXPECT_GT(plan.load[0], 50);
  EXPECT_NEAR(plan.load[0] + plan.load[1], 130, 1e-6);
}

TEST(SharePlan, IsAsGoodAsTryingEverythingForTwoRegions) {
  Rng rng(1);
  for (int round = 0; round < 60; ++round) {
    const Problem problem = drawn(2, rng);
    const Plan plan = plan_shares(problem.input());
    const double best = best_on_grid(problem.input(), 200);
    EXPECT_GE(plan.value, 0.995 * best) << round;
    EXPECT_NEAR(plan.value, plan_value(problem.input(), plan.shares, plan.shed), 1e-6);
  }
}

TEST(SharePlan, FillsTheNearFirstAndSendsOnlyTheRestAway) {
  Problem problem(2);
  problem.demand = {120, 20};
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t d = 0; d < 2; ++d) problem.set_value(s, d, s == d ? 1 : 0.9, 60);
  }
  const Plan plan = plan_shares(problem.input());
  EXPECT_GT(plan.load[0], 75);
  EXPECT_LT(plan.load[0], 95);
  EXPECT_EQ(plan.shares(1, 0), 0);
}

TEST(SharePlan, DoesNotSendAllSourcesToTheSameIdleRegion) {
  Problem problem(4);
  problem.demand = {110, 110, 110, 5};
  for (std::size_t s = 0; s < 4; ++s) {
    for (std::size_t d = 0; d < 4; ++d) problem.set_value(s, d, s == d ? 1 : 0.95);
  }
  const Plan plan = plan_shares(problem.input());
  for (const double load : plan.load) EXPECT_LT(load, 96);
}

TEST(SharePlan, GivesUpOneRegionSoThatTheOthersStayWell) {
  Problem problem(3);
  problem.demand = {110, 110, 110};
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::size_t d = 0; d < 3; ++d) problem.set_value(s, d, s == d ? 1 : 0.97, 60);
  }
  const Plan plan = plan_shares(problem.input());
  EXPECT_GT(plan.value, 165);  // two regions near their best; spread evenly nobody is served
}

TEST(SharePlan, RefusesTheExcessWhereItMay) {
  Problem problem(2);
  problem.demand = {150, 150};
  problem.may_shed = true;
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t d = 0; d < 2; ++d) problem.set_value(s, d, s == d ? 1 : 0.9, 60);
  }
  const Plan plan = plan_shares(problem.input());
  EXPECT_GT(plan.value, 160);
  EXPECT_GT(plan.shed[0] + plan.shed[1], 0.5);
}

TEST(SharePlan, MovesNoShareFurtherThanTheStep) {
  Rng rng(5);
  for (int round = 0; round < 100; ++round) {
    Problem problem = drawn(2 + rng.below(5), rng);
    problem.max_step = 0.2;
    const Plan plan = plan_shares(problem.input());
    for (std::size_t i = 0; i < plan.shares.cells().size(); ++i) {
      ASSERT_LE(std::abs(plan.shares.cells()[i] - problem.previous.cells()[i]), 0.2 + 1e-9);
    }
  }
}

TEST(SharePlan, LeavesEverythingWhereMovingCostsMoreThanItGains) {
  Problem problem(2);
  problem.demand = {40, 40};
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t d = 0; d < 2; ++d) problem.set_value(s, d, s == d ? 0.95 : 0.952);
  }
  problem.churn_price = 0.01;
  EXPECT_EQ(plan_shares(problem.input()).shares, problem.previous);
}

TEST(SharePlan, KeepsToItsRulesWhateverItIsGiven) {
  Rng rng(9);
  for (int round = 0; round < 300; ++round) {
    Problem problem = drawn(1 + rng.below(7), rng);
    problem.may_shed = rng.chance(0.3);
    for (std::size_t s = 0; s < problem.n; ++s) {
      if (rng.chance(0.1)) problem.demand[s] = 0;
      for (std::size_t d = 0; d < problem.n; ++d) {
        if (s != d && rng.chance(0.4)) problem.allowed(s, d) = 0;
      }
    }
    const Plan plan = plan_shares(problem.input());
    ASSERT_TRUE(std::isfinite(plan.value));
    for (std::size_t s = 0; s < problem.n; ++s) {
      const auto row = plan.shares.row(s);
      ASSERT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-9);
      for (std::size_t d = 0; d < problem.n; ++d) {
        ASSERT_GE(row[d], 0);
        if (problem.allowed(s, d) == 0) ASSERT_EQ(row[d], 0);
      }
      ASSERT_GE(plan.shed[s], 0);
      ASSERT_LE(plan.shed[s], problem.may_shed ? 1 : 0);
    }
    ASSERT_EQ(plan_shares(problem.input()).shares, plan.shares);
    ASSERT_GE(plan.value + 1e-6, plan_value(problem.input(), problem.previous, {}));
  }
}

TEST(UtilityTable, IsLinearBetweenItsLoads) {
  UtilityTable table(1, 1);
  for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
    table.row(0, k)[0] = 3 - UtilityTable::loads()[k];
  }
  for (const double rho : {0.0, 0.1, 0.3, 0.77, 0.955, 1.2, 4.9, 5.0}) {
    EXPECT_NEAR(table.value(0, 0, UtilityTable::place(rho)), 3 - rho, 1e-9) << rho;
  }
  EXPECT_NEAR(table.value(0, 0, UtilityTable::place(50)), -2, 1e-9);
}

}  // namespace
}  // namespace weir::controller
