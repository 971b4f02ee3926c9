#include "deploy/demo/load/schedule.h"

#include <gtest/gtest.h>

namespace weir::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Time at(Duration since_start) { return Time(since_start); }

int taken(Schedule& schedule, Time now) {
  int count = 0;
  Time due;
  while (schedule.take(now, due)) ++count;
  return count;
}

TEST(Schedule, MakesEveryRequestDueHoweverLateItIsAsked) {
  Schedule schedule(at(seconds(5)), 200);
  EXPECT_EQ(taken(schedule, at(seconds(5))), 1);
  EXPECT_EQ(taken(schedule, at(milliseconds(5004))), 0);
  EXPECT_EQ(schedule.next_due(), at(milliseconds(5005)));
  EXPECT_EQ(taken(schedule, at(milliseconds(5900))), 180);  // late, but all of them
  EXPECT_EQ(schedule.skipped(), 0U);
}

TEST(Schedule, GivesEachRequestItsOwnDueTimeWhenLate) {
  Schedule schedule(at(seconds(0)), 100);
  Time due;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(schedule.take(at(milliseconds(500)), due));
    ASSERT_EQ(due, at(milliseconds(10) * i));
  }
}

TEST(Schedule, SkipsAndCountsWhatItsOwnStopMissed) {
  Schedule schedule(at(seconds(0)), 100);
  EXPECT_EQ(taken(schedule, at(seconds(0))), 1);
  EXPECT_EQ(taken(schedule, at(seconds(10))), 1);
  EXPECT_EQ(schedule.skipped(), 999U);
  EXPECT_EQ(schedule.next_due(), at(milliseconds(10010)));
}

TEST(Schedule, DoesNotDriftAtRatesThatDoNotDivideASecond) {
  Schedule schedule(at(seconds(0)), 3);
  int count = 0;
  for (int tick = 0; tick <= 300'000; ++tick) count += taken(schedule, at(milliseconds(tick)));
  EXPECT_EQ(count, 901);
}

}  // namespace
}  // namespace weir::load
