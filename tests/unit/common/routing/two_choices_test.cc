#include "common/routing/two_choices.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace weir {
namespace {

TEST(TwoChoices, DrawEveryPairOfDifferentServersAlikeOften) {
  Rng rng(1);
  std::map<std::pair<std::size_t, std::size_t>, int> drawn;
  for (int n = 0; n < 12'000; ++n) ++drawn[draw_two(4, rng)];
  EXPECT_EQ(drawn.size(), 12U);
  for (const auto& [pair, count] : drawn) {
    EXPECT_NE(pair.first, pair.second);
    EXPECT_NEAR(count, 1000, 130);
  }
}

TEST(TwoChoices, NeverTakeTheBusiestAndTakeTheIdlestMostOften) {
  Rng rng(2);
  const std::array<int, 3> in_flight = {5, 1, 3};
  std::array<int, 3> taken{};
  for (int n = 0; n < 3000; ++n) {
    ++taken[less_busy_of_two(3, rng, [&](std::size_t i) { return in_flight[i]; })];
  }
  EXPECT_EQ(taken[0], 0);
  EXPECT_NEAR(taken[1], 2000, 100);
  EXPECT_NEAR(taken[2], 1000, 100);
}

TEST(TwoChoices, TakeTheOnlyOneThereIs) {
  Rng rng(3);
  EXPECT_EQ(less_busy_of_two(1, rng, [](std::size_t) { return 7; }), 0U);
}

}  // namespace
}  // namespace weir
