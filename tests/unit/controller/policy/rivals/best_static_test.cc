#include "controller/policy/rivals/best_static.h"

#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

/// Best when a's traffic lies at 37 % on a, 63 % on b; everything of the others at home.
double score(const Grid<double>& shares) {
  double miss = 0;
  const Grid<double> best = [] {
    Grid<double> grid(3, 3, 0);
    grid(0, 0) = 0.37;
    grid(0, 1) = 0.63;
    grid(1, 1) = grid(2, 2) = 1;
    return grid;
  }();
  for (std::size_t i = 0; i < 9; ++i) {
    miss += (shares.cells()[i] - best.cells()[i]) * (shares.cells()[i] - best.cells()[i]);
  }
  return -miss;
}

TEST(BestStaticSearch, FindsWeightsNoSimpleAnswerHas) {
  BestStaticSearch search(three_regions(), {500, 100, 100}, 3);
  for (int i = 0; i < 400; ++i) search.tell(score(search.ask()));
  EXPECT_NEAR(search.best()(0, 0), 0.37, 0.03);
  EXPECT_NEAR(search.best()(0, 1), 0.63, 0.03);
  EXPECT_GT(search.best_score(), -0.01);
}

TEST(BestStaticSearch, TriesTheSimpleAnswersFirstAndRepeatsItselfExactly) {
  BestStaticSearch one(three_regions(), {1300, 100, 100}, 3);
  BestStaticSearch other(three_regions(), {1300, 100, 100}, 3);
  // The waterfall at 80 % comes first: 800 of 1300 at home.
  EXPECT_NEAR(one.ask()(0, 0), 800.0 / 1300, 1e-9);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(one.ask(), other.ask());
    for (std::size_t from = 0; from < 3; ++from) ASSERT_NEAR(row_sum(one.ask(), from), 1, 1e-9);
    one.tell(score(one.ask()));
    other.tell(score(other.ask()));
  }
}

TEST(BestStaticSearch, NeverAsksForWhatResidencyForbids) {
  ServiceSetting setting = three_regions();
  setting.allowed(0, 2) = setting.allowed(1, 0) = setting.allowed(1, 2) = 0;
  BestStaticSearch search(setting, {500, 100, 100}, 5);
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(search.ask()(0, 2), 0);
    ASSERT_NEAR(search.ask()(1, 1), 1, 1e-9);
    search.tell(score(search.ask()));
  }
}

TEST(BestStaticSearch, HasOneAnswerForOneRegion) {
  BestStaticSearch search(one_region(), {50}, 1);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(search.ask()(0, 0), 1);
    search.tell(0);
  }
}

}  // namespace
}  // namespace weir::controller
