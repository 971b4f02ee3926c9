#include "controller/learn/evolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace weir::controller {
namespace {

/// Squared distance from (1, 2, 3, ...), later coordinates ten times as steep as the first.
double bowl(const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double miss = x[i] - 0.1 * static_cast<double>(i + 1);
    sum += (i % 2 == 0 ? 1 : 10) * miss * miss;
  }
  return sum;
}

void go_on(EvolutionSearch& search, int generations) {
  for (int i = 0; i < generations; ++i) {
    std::vector<double> losses;
    for (const auto& candidate : search.ask()) losses.push_back(bowl(candidate));
    search.tell(losses);
  }
}

TEST(EvolutionSearch, FindsTheBottomOfABowl) {
  EvolutionSearch search(std::vector<double>(10, 0.0), 0.3, 12, 1);
  go_on(search, 200);
  EXPECT_LT(bowl(search.mean()), 1e-3);
}

TEST(EvolutionSearch, GoesTheSameWayAgainAndWhenResumed) {
  EvolutionSearch whole(std::vector<double>(5, 0.0), 0.3, 8, 7);
  go_on(whole, 20);
  EvolutionSearch first(std::vector<double>(5, 0.0), 0.3, 8, 7);
  go_on(first, 11);
  EvolutionSearch second(first.state(), 8, 7);
  go_on(second, 9);
  EXPECT_EQ(second.state(), whole.state());
}

TEST(EvolutionSearch, SamplesInPairsThatMirrorEachOther) {
  const EvolutionSearch search(std::vector<double>{1, 2}, 0.5, 6, 3);
  const auto candidates = search.ask();
  ASSERT_EQ(candidates.size(), 6U);
  for (std::size_t i = 0; i < 6; i += 2) {
    EXPECT_NEAR(candidates[i][0] + candidates[i + 1][0], 2, 1e-12);
    EXPECT_NEAR(candidates[i][1] + candidates[i + 1][1], 4, 1e-12);
  }
}

TEST(EvolutionSearch, TakesALossThatIsNoNumberForTheWorst) {
  EvolutionSearch search(std::vector<double>(3, 0.0), 0.3, 8, 5);
  for (int i = 0; i < 120; ++i) {
    std::vector<double> losses;
    for (const auto& candidate : search.ask()) {
      const bool bad = candidate[0] < 0;
      losses.push_back(bad ? std::numeric_limits<double>::quiet_NaN() : bowl(candidate));
    }
    search.tell(losses);
  }
  EXPECT_LT(bowl(search.mean()), 0.05);
}

}  // namespace
}  // namespace weir::controller
