#include "controller/steer/wish_check.h"

#include <limits>

#include "tests/unit/controller/steer/two_regions.h"

namespace weir::controller {
namespace {

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double k_inf = std::numeric_limits<double>::infinity();

TEST(WishCheck, TakesASoundWishOnAnyScale) {
  EXPECT_EQ(flaw_of(wish_of({0.5, 0.5, 1, 0}), two_regions()), "");
  EXPECT_EQ(flaw_of(wish_of({130, 100, 0, 1e-9}), two_regions()), "");
}

TEST(WishCheck, NamesWhatIsWrong) {
  struct Case {
    std::vector<double> shares;
    const char* flaw;
  };
  const Case cases[] = {{{k_nan, 1, 1, 1}, "no number"},
                        {{k_inf, 1, 1, 1}, "no number"},
                        {{-0.1, 1, 1, 1}, "below 0"},
                        {{0, 0, 1, 1}, "without any destination"},
                        {{1e308, 1e308, 1, 1}, "without any destination"}};
  for (const Case& one : cases) {
    EXPECT_NE(flaw_of(wish_of(one.shares), two_regions()).find(one.flaw), std::string::npos)
        << one.flaw;
  }
  ServiceSetting narrow = two_regions();
  narrow.allowed(0, 1) = 0;
  EXPECT_NE(flaw_of(wish_of({1, 0.001, 1, 1}), narrow), "");
  EXPECT_NE(flaw_of(ServiceWish(), two_regions()), "");
  ServiceWish odd = wish_of({1, 1, 1, 1});
  odd.expected_in_slo = Grid<double>(3, 3);
  EXPECT_NE(flaw_of(odd, two_regions()), "");
}

ServiceObservation answered(double ended, double in_slo) {
  ServiceObservation seen = ServiceObservation::blank(2);
  seen.pairs(0, 1).ok = ended;
  seen.pairs(0, 1).in_slo = in_slo;
  return seen;
}

TEST(WishCheck, IsDisappointedOnlyBeyondLuckAndTheModelsError) {
  ServiceWish wish = wish_of({1, 1, 1, 1});
  EXPECT_FALSE(outcome_of(wish, answered(100, 0)).disappointing()) << "it expected nothing";
  wish.expected_in_slo = rows({1, 0.95, 1, 1});
  EXPECT_FALSE(outcome_of(wish, answered(100, 95)).disappointing());
  EXPECT_FALSE(outcome_of(wish, answered(100, 80)).disappointing());
  EXPECT_TRUE(outcome_of(wish, answered(100, 50)).disappointing());
  EXPECT_FALSE(outcome_of(wish, answered(2, 0)).disappointing()) << "two are no evidence";
  EXPECT_FALSE(outcome_of(wish, answered(k_nan, 0)).disappointing());
}

}  // namespace
}  // namespace weir::controller
