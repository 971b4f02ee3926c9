#include "agent/paths/path_estimator.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Sends 10 packets a second over a path with its own loss each way.
class Path {
 public:
  Path(double loss_out, double loss_back, std::uint64_t seed)
      : loss_out_(loss_out), loss_back_(loss_back), rng_(seed) {}

  void send(Duration round_trip) {
    const std::uint32_t sequence = estimator.sent(now);
    if (!rng_.chance(loss_out_)) {
      const std::uint32_t count = reflected_++;
      if (!rng_.chance(loss_back_)) estimator.answered(sequence, count, round_trip);
    }
    now += milliseconds(100);
  }

  PathEstimator estimator{{}};
  Time now{std::chrono::hours(1)};

 private:
  const double loss_out_;
  const double loss_back_;
  Rng rng_;
  std::uint32_t reflected_ = 0;
};

TEST(PathEstimator, GivesNearestRankPercentilesOfTheLastTenSeconds) {
  Path path(0, 0, 1);
  for (int i = 0; i < 50; ++i) path.send(milliseconds(900));  // slides out below
  for (int i = 1; i <= 100; ++i) path.send(milliseconds(i));
  const PathWindow window = path.estimator.report(path.now - milliseconds(50));
  EXPECT_EQ(window.rtt_min, milliseconds(1));
  EXPECT_EQ(window.rtt_p50, milliseconds(50));
  EXPECT_EQ(window.rtt_p95, milliseconds(95));
  EXPECT_EQ(window.rtt_p99, milliseconds(99));
  EXPECT_EQ(window.jitter, milliseconds(1));
  EXPECT_EQ(window.loss.value(), 0);
  EXPECT_EQ(window.loss_out, 0);
  EXPECT_EQ(window.loss_back, 0);
}

TEST(PathEstimator, CountsEachPacketInOneReport) {
  Path path(0.1, 0.1, 2);
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 10; ++i) path.send(milliseconds(20));
    const PathWindow window = path.estimator.report(path.now);
    sent += window.sent;
    received += window.received;
  }
  const PathWindow rest = path.estimator.report(path.now + seconds(2));
  EXPECT_EQ(sent + rest.sent, 600U);
  EXPECT_NEAR(received + rest.received, 600 * 0.81, 40);
}

TEST(PathEstimator, TellsLossOnTheWayOutFromLossOnTheWayBack) {
  struct Case {
    double out;
    double back;
  };
  for (const Case& row : {Case{0.2, 0}, Case{0, 0.2}, Case{0.1, 0.3}}) {
    double out = 0;
    double back = 0;
    double loss = 0;
    Path path(row.out, row.back, 3);
    for (int round = 0; round < 100; ++round) {
      for (int i = 0; i < 100; ++i) path.send(milliseconds(20));
      const PathWindow window = path.estimator.report(path.now);
      ASSERT_GE(window.loss_out, 0);
      out += window.loss_out / 100;
      back += window.loss_back / 100;
      loss += window.loss.value() / 100;
    }
    EXPECT_NEAR(out, row.out, 0.02);
    EXPECT_NEAR(back, row.back, 0.02);
    EXPECT_NEAR(loss, 1 - (1 - row.out) * (1 - row.back), 0.02);
  }
}

TEST(PathEstimator, WaitsForAnAnswerBeforeItCallsAPacketLost) {
  PathEstimator estimator({});
  const Time start(std::chrono::hours(1));
  const std::uint32_t sequence = estimator.sent(start);
  EXPECT_EQ(estimator.report(start + milliseconds(999)).sent, 0U);
  EXPECT_EQ(estimator.sent_at(sequence, start + milliseconds(999)), start);
  const PathWindow window = estimator.report(start + seconds(1));
  EXPECT_EQ(window.sent, 1U);
  EXPECT_EQ(window.received, 0U);
  EXPECT_EQ(window.loss.value(), 1);
  EXPECT_LT(window.loss_out, 0);
  EXPECT_FALSE(estimator.sent_at(sequence, start + seconds(1)).has_value());
}

TEST(PathEstimator, TakesAnAnswerOnceAndOnlyToWhatItSent) {
  PathEstimator estimator({});
  const Time start(std::chrono::hours(1));
  const std::uint32_t sequence = estimator.sent(start);
  EXPECT_FALSE(estimator.sent_at(sequence + 1, start).has_value());
  estimator.answered(sequence + 5, 0, milliseconds(1));
  estimator.answered(sequence, 0, milliseconds(5));
  EXPECT_FALSE(estimator.sent_at(sequence, start).has_value());
  estimator.answered(sequence, 0, milliseconds(9));
  const PathWindow window = estimator.report(start + seconds(1));
  EXPECT_EQ(window.rtt_p99, milliseconds(5));
  EXPECT_EQ(window.received, 1U);
}

TEST(PathEstimator, DoesNotGuessOneWayLossWhenTheReflectorStartsAnew) {
  PathEstimator estimator({});
  Time now(std::chrono::hours(1));
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::uint32_t sequence = estimator.sent(now);
    estimator.answered(sequence, i < 10 ? 1000 + i : i - 10, milliseconds(1));
    now += milliseconds(100);
  }
  EXPECT_LT(estimator.report(now).loss_out, 0);
}

TEST(PathEstimator, KeepsItsMemoryWhateverTheRate) {
  PathEstimator estimator({});
  const Time now(std::chrono::hours(1));
  for (int i = 0; i < 10000; ++i) estimator.answered(estimator.sent(now), 0, milliseconds(1));
  EXPECT_LE(estimator.report(now).sent, 256U);
}

}  // namespace
}  // namespace weir::agent
