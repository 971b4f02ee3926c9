#include "common/routing/room.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "common/routing/chooser.h"

namespace weir {
namespace {

TEST(Room, IsWhatTheLimitLeaves) {
  EXPECT_FALSE(is_full(3, 2));
  EXPECT_TRUE(is_full(3, 3));
  EXPECT_TRUE(is_full(3, 9));
  EXPECT_DOUBLE_EQ(room_left(3, 1), 2);
  EXPECT_DOUBLE_EQ(room_left(3, 9), 0);
}

TEST(Room, WithoutALimitIsNeverFullAndTakesNothingOfOthers) {
  EXPECT_FALSE(is_full(0, 1'000'000));
  EXPECT_DOUBLE_EQ(room_left(0, 0), 0);
}

TEST(Room, TakesALimitFromAnyNumber) {
  EXPECT_EQ(usable_limit(4.2), 5U);
  EXPECT_EQ(usable_limit(1e-9), 1U);
  EXPECT_EQ(usable_limit(0), 0U);
  EXPECT_EQ(usable_limit(-1), 0U);
  EXPECT_EQ(usable_limit(std::numeric_limits<double>::quiet_NaN()), 0U);
  EXPECT_EQ(usable_limit(std::numeric_limits<double>::infinity()), 0U);
  EXPECT_EQ(usable_limit(1e300), k_in_flight_limit_max);
  EXPECT_EQ(usable_limit(10, 0.25), 3U);
  EXPECT_EQ(usable_limit(10, 0), 0U);
}

TEST(Room, IsWhereRequestsWithoutRoomGo) {
  const std::array<std::uint32_t, 4> limits = {5, 10, 20, 0};
  const std::array<std::uint32_t, 4> open = {5, 5, 5, 0};
  const std::array<double, 4> overflow = {1, 1, 2, 1};
  std::vector<double> room;
  measure_room(limits, overflow, [&](std::size_t i) { return open[i]; }, room);
  WeightedChooser chooser(1);
  std::array<int, 4> taken{};
  for (int n = 0; n < 3500; ++n) ++taken[*chooser.choose_again(room, {})];
  EXPECT_EQ(taken[0], 0);
  EXPECT_NEAR(taken[1], 500, 5);
  EXPECT_NEAR(taken[2], 3000, 5);
  EXPECT_EQ(taken[3], 0);
}

}  // namespace
}  // namespace weir
