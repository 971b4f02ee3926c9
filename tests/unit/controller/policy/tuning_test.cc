#include "controller/policy/tuning.h"

#include <gtest/gtest.h>

#include <cmath>

#include "controller/policy/policy_catalog.h"

namespace weir::controller {
namespace {

const std::vector<Tunable> k_two = {
    {.name = "share", .standard = 0.5, .low = 0, .high = 1, .meaning = ""},
    {.name = "tau_s", .standard = 5, .low = 1, .high = 100, .by_factors = true, .meaning = ""}};

TEST(Tuning, IsTheStandardUntilToldOtherwise) {
  const auto tuning = Tuning::create(k_two, {{"tau_s", 20}});
  ASSERT_TRUE(tuning.has_value());
  EXPECT_EQ((*tuning)["share"], 0.5);
  EXPECT_EQ((*tuning)["tau_s"], 20);
}

TEST(Tuning, RefusesWhatItDoesNotKnowOrWhatIsOutOfBounds) {
  const auto unknown = Tuning::create(k_two, {{"tau", 20}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().message().find("share, tau_s"), std::string::npos);
  for (const double value : {0.5, 101.0, static_cast<double>(NAN)}) {
    EXPECT_FALSE(Tuning::create(k_two, {{"tau_s", value}}).has_value()) << value;
  }
}

TEST(Tuning, DrawsWithinTheBoundsEvenlyOverFactorsWhereAsked) {
  Rng rng(1);
  int below_ten = 0;
  for (int i = 0; i < 1000; ++i) {
    const Tuning tuning = Tuning::draw(k_two, rng);
    ASSERT_GE(tuning["tau_s"], 1);
    ASSERT_LE(tuning["tau_s"], 100);
    below_ten += tuning["tau_s"] < 10;
  }
  EXPECT_NEAR(below_ten, 500, 60);
}

TEST(PolicyCatalog, FindsEachSortByName) {
  PolicyCatalog catalog;
  catalog.add(PolicyKind{.name = "one", .summary = "", .tunables = {}, .make = {}});
  catalog.add(RequestPolicyKind{.name = "two", .summary = "", .tunables = {}, .make = {}});
  EXPECT_NE(catalog.find("one"), nullptr);
  EXPECT_EQ(catalog.find("two"), nullptr);
  EXPECT_NE(catalog.find_request("two"), nullptr);
  const RequestPolicyKind again{.name = "one", .summary = "", .tunables = {}, .make = {}};
  EXPECT_DEATH(catalog.add(again), "one");
}

}  // namespace
}  // namespace weir::controller
