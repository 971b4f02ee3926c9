// What the simulator computes, held against what queueing theory knows in closed form.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

double mean_latency_ms(const Scenario& scenario) {
  FixedPolicy policy = local_only(1);
  double sum = 0;
  constexpr int k_runs = 3;
  for (std::uint64_t seed = 1; seed <= k_runs; ++seed) {
    sum += run(scenario, seed, policy).total.mean_latency_ms();
  }
  return sum / k_runs;
}

/// P(wait) of M/M/c (Erlang C) by the recursion of Erlang B.
double erlang_c(int servers, double offered) {
  double blocked = 1;
  for (int n = 1; n <= servers; ++n) blocked = offered * blocked / (n + offered * blocked);
  const double rho = offered / servers;
  return blocked / (1 - rho * (1 - blocked));
}

TEST(Queueing, OneWorkerWithExponentialTimesWaitsAsMM1) {
  for (const double load : {0.5, 0.8}) {
    const double expected = 10 / (1 - load);
    EXPECT_NEAR(mean_latency_ms(one_region(1, 1, load)), expected, 0.04 * expected) << load;
  }
}

TEST(Queueing, ManyWorkersBehindOneQueueWaitAsMMc) {
  for (const int workers : {4, 16}) {
    const double load = 0.85;
    const double wait = erlang_c(workers, load * workers) * 10 / (workers * (1 - load));
    const double expected = 10 + wait;
    const auto scenario = one_region(1, static_cast<std::uint32_t>(workers), load);
    EXPECT_NEAR(mean_latency_ms(scenario), expected, 0.03 * expected) << workers;
  }
}

/// Pollaczek and Khinchine: the wait grows with the second moment of the service time.
TEST(Queueing, OneWorkerWithAnyTimesWaitsAsMG1) {
  for (const auto kind :
       {Distribution::Kind::constant, Distribution::Kind::lognormal, Distribution::Kind::bimodal}) {
    const double load = 0.7;
    const Scenario scenario = one_region(1, 1, load, kind);
    const double cv2 = Sampler(scenario.model.time).cv2();
    const double expected = 10 + load / (1 - load) * 10 * (1 + cv2) / 2;
    EXPECT_NEAR(mean_latency_ms(scenario), expected, 0.06 * expected) << static_cast<int>(kind);
  }
}

/// Under processor sharing the mean depends on the mean service time alone.
TEST(Queueing, ASharedWorkerIsInsensitiveToTheShapeOfTheTimes) {
  for (const auto kind : {Distribution::Kind::constant, Distribution::Kind::exponential,
                          Distribution::Kind::bimodal, Distribution::Kind::pareto}) {
    const double load = 0.6;
    Scenario scenario = one_region(1, 1, load, kind);
    scenario.model.discipline = ServiceModel::Discipline::sharing;
    const double expected = 10 / (1 - load);
    EXPECT_NEAR(mean_latency_ms(scenario), expected, 0.05 * expected) << static_cast<int>(kind);
  }
}

/// With exponential times, sharing c workers makes the number there the same as one queue for c.
TEST(Queueing, SharedWorkersWithExponentialTimesTakeAsLongAsMMc) {
  Scenario scenario = one_region(1, 4, 0.8);
  scenario.model.discipline = ServiceModel::Discipline::sharing;
  const double expected = 10 + erlang_c(4, 3.2) * 10 / (4 * 0.2);
  EXPECT_NEAR(mean_latency_ms(scenario), expected, 0.04 * expected);
}

TEST(Queueing, ALimitedQueueTurnsAwayAsMuchAsMM1K) {
  Scenario scenario = one_region(1, 1, 0.9);
  scenario.model.queue_limit = 4;  // five places with the worker's
  scenario.retries.most = 0;
  FixedPolicy policy = local_only(1);
  const SimulationResult result = run(scenario, 5, policy);
  const double rho = 0.9;
  const double expected = (1 - rho) * std::pow(rho, 5) / (1 - std::pow(rho, 6));
  const double refused =
      static_cast<double>(result.total.errors) / static_cast<double>(result.total.offered);
  EXPECT_NEAR(refused, expected, 0.05 * expected);
}

TEST(Queueing, UtilizationIsTheLoad) {
  for (const auto discipline :
       {ServiceModel::Discipline::fifo, ServiceModel::Discipline::sharing}) {
    Scenario scenario = one_region(5, 2, 0.65);
    scenario.model.discipline = discipline;
    Simulation simulation(scenario, 3);
    double sum = 0;
    int count = 0;
    while (simulation.advance()) {
      if (simulation.now_ms() <= scenario.warm_up_ms) continue;
      sum += simulation.seen().servers[0].utilization;
      ++count;
    }
    EXPECT_NEAR(sum / count, 0.65, 0.01);
  }
}

}  // namespace
}  // namespace weir::controller
