#include "common/tunnel/busy_poll.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir {
namespace {

using std::chrono::microseconds;

constexpr Duration k_most = microseconds(50);
constexpr Duration k_none{0};

void wait(BusyPoll& poll, int times, Duration length, std::size_t packets = 1) {
  for (int i = 0; i < times; ++i) poll.waited(length, packets);
}

TEST(BusyPoll, LooksAfterSeveralShortWaitsInARow) {
  BusyPoll poll(k_most);
  wait(poll, 3, microseconds(80));
  EXPECT_EQ(poll.patience(), k_none);
  wait(poll, 1, microseconds(80));
  EXPECT_EQ(poll.patience(), k_most);
}

TEST(BusyPoll, NeverLooksWhenToldNotTo) {
  BusyPoll poll(k_none);
  wait(poll, 100, k_none);
  EXPECT_FALSE(poll.enabled());
  EXPECT_EQ(poll.patience(), k_none);
}

TEST(BusyPoll, SleepsAtOnceBetweenRareQuestions) {
  BusyPoll poll(k_most);
  for (int i = 0; i < 100; ++i) {
    wait(poll, 1, microseconds(60));
    wait(poll, 1, microseconds(5000));
    EXPECT_EQ(poll.patience(), k_none);
  }
}

TEST(BusyPoll, SleepsAtOnceUnderBulk) {
  BusyPoll poll(k_most);
  for (int i = 0; i < 100; ++i) {
    wait(poll, 1, microseconds(20), 44);
    EXPECT_EQ(poll.patience(), k_none);
  }
}

TEST(BusyPoll, OneLookInVainAmongManyThatPaidChangesNothing) {
  BusyPoll poll(k_most);
  wait(poll, 64, microseconds(20));
  wait(poll, 1, microseconds(900));
  EXPECT_EQ(poll.patience(), k_most);
}

TEST(BusyPoll, StopsSoonWhenLookingDoesNotPayAndIsSlowToTryAgain) {
  BusyPoll poll(k_most);
  wait(poll, 1000, microseconds(20));
  wait(poll, 4, microseconds(900));
  EXPECT_EQ(poll.patience(), k_none);
  wait(poll, 4, microseconds(80));
  EXPECT_EQ(poll.patience(), k_none);
}

/// Packets that come by chance, as far apart as `mean`: the time spent on looking in vain, as a
/// share of all time.
double wasted(Duration mean) {
  Rng rng(7);
  BusyPoll poll(k_most);
  Duration all{0};
  Duration lost{0};
  for (int i = 0; i < 100000; ++i) {
    const Duration gap(
        static_cast<std::int64_t>(rng.exponential(static_cast<double>(mean.count()))));
    if (gap > poll.patience()) lost += poll.patience();
    all += gap;
    poll.waited(gap, 1);
  }
  return static_cast<double>(lost.count()) / static_cast<double>(all.count());
}

TEST(BusyPoll, CostsLittleWherePacketsComeByChance) {
  EXPECT_LT(wasted(microseconds(10000)), 0.001);
  EXPECT_LT(wasted(microseconds(1000)), 0.01);
  EXPECT_LT(wasted(microseconds(100)), 0.05);
}

}  // namespace
}  // namespace weir
