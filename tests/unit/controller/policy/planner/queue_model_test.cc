#include "controller/policy/planner/queue_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/sim/rng.h"
#include "controller/policy/planner/sojourn.h"

namespace weir::controller {
namespace {

QueueModel one_worker(double capacity) {
  return {.capacity_rps = capacity, .workers = 1, .pool_exponent = 0};
}

TEST(QueueModel, ComesToRestAtTheExponentialTailOfAnMM1Queue) {
  // M/M/1: P(W > t) = rho exp(-mu (1 - rho) t).
  const QueueModel queue = one_worker(100);
  for (const double rho : {0.8, 0.9, 0.95}) {
    for (const double t : {0.02, 0.1, 0.3}) {
      const double exact = rho * std::exp(-100 * (1 - rho) * t);
      EXPECT_NEAR(queue.wait_tail(100 * rho, t, 1e5), exact, 0.06) << rho << " " << t;
    }
  }
}

TEST(QueueModel, FollowsAQueueThatDrainsAndOneThatBuildsUp) {
  QueueModel queue{.capacity_rps = 1000, .backlog = 500, .workers = 40};
  // Half a second of work waits; at half the load it is gone after a second.
  EXPECT_GT(queue.wait_tail(500, 0.4, 0.01), 0.95);
  EXPECT_LT(queue.wait_tail(500, 0.1, 1.2), 0.05);
  // Twice the capacity: after a second another second's work waits.
  queue.backlog = 0;
  EXPECT_GT(queue.wait_tail(2000, 0.9, 1), 0.95);
  EXPECT_LT(queue.wait_tail(2000, 1.1, 1), 0.05);
}

TEST(QueueModel, IsNeverBetterWithMoreLoadOrBacklogNorOutsideZeroToOne) {
  Rng rng(3);
  for (int round = 0; round < 3000; ++round) {
    QueueModel queue{.capacity_rps = std::exp(8 * rng.unit()),
                     .backlog = rng.chance(0.5) ? 0 : std::exp(6 * rng.unit()),
                     .workers = std::exp(5 * rng.unit()),
                     .dispersion = 0.5 + 4 * rng.unit(),
                     .variability = 3 * rng.unit(),
                     .pool_exponent = rng.unit()};
    const double load = queue.capacity_rps * 2 * rng.unit();
    const double wait = 0.5 * rng.unit();
    const double after = 0.05 + 5 * rng.unit();
    const double tail = queue.wait_tail(load, wait, after);
    ASSERT_GE(tail, 0);
    ASSERT_LE(tail, 1);
    ASSERT_GE(queue.wait_tail(load * 1.05, wait, after), tail - 1e-2);
    ASSERT_LE(queue.wait_tail(load, wait * 1.1 + 1e-3, after), tail + 1e-2);
    queue.backlog += 50;
    ASSERT_GE(queue.wait_tail(load, wait, after), tail - 1e-2);
  }
}

TEST(Sojourn, IsTheServiceAloneWhereNobodyWaits) {
  ServiceShape shape(40);
  const TimeGrid grid(200);
  const Sojourn sojourn(grid, shape);
  const auto tail = sojourn.with_wait(TimeGrid::Tail{});
  EXPECT_NEAR(grid.quantile(tail, 0.5), shape.p50_ms(), 4);
  EXPECT_NEAR(grid.quantile(tail, 0.1), shape.p90_ms(), 6);
  EXPECT_NEAR(grid.mean(tail), shape.mean_ms(), 3);
}

TEST(Sojourn, AddsWaitAndService) {
  ServiceShape shape(40);
  const TimeGrid grid(200);
  TimeGrid::Tail wait{};
  for (std::size_t i = 0; i < TimeGrid::k_size; ++i) wait[i] = std::exp(-grid.time(i) / 30);
  const auto tail = Sojourn(grid, shape).with_wait(wait);
  EXPECT_NEAR(grid.mean(tail), shape.mean_ms() + 30, 4);
  for (std::size_t i = 0; i + 1 < TimeGrid::k_size; ++i) ASSERT_GE(tail[i], tail[i + 1]);
}

TEST(TimeGrid, ReadsBackWhatItWasGiven) {
  const TimeGrid grid(200);
  TimeGrid::Tail tail{};
  for (std::size_t i = 0; i < TimeGrid::k_size; ++i) tail[i] = std::exp(-grid.time(i) / 100);
  for (const double t : {0.0, 3.0, 77.0, 199.0, 500.0, 2000.0}) {
    EXPECT_NEAR(grid.at(tail, t), std::exp(-t / 100), 0.02) << t;
  }
  EXPECT_EQ(grid.at(tail, -1), 1);
  EXPECT_NEAR(grid.quantile(tail, 0.5), 69.3, 1);
}

}  // namespace
}  // namespace weir::controller
