#include "common/routing/safe_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/sim/rng.h"

namespace weir {
namespace {

const std::vector<RegionName> k_regions = {RegionName("us"), RegionName("eu"), RegionName("ap")};

std::vector<Weight> weights(std::initializer_list<std::uint32_t> values) {
  std::vector<Weight> out;
  for (const auto value : values) out.emplace_back(k_regions[out.size()], value);
  return out;
}

std::vector<ProposedWeight> proposal(std::initializer_list<double> values) {
  std::vector<ProposedWeight> out;
  for (const auto value : values) out.emplace_back(k_regions[out.size()], value);
  return out;
}

GuardSpec guards(double min_share, double max_step) {
  return {.residency = {}, .min_share = Ratio(min_share), .max_step = Ratio(max_step)};
}

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double k_inf = std::numeric_limits<double>::infinity();

struct Case {
  const char* name;
  std::vector<Weight> previous;
  std::vector<ProposedWeight> proposed;
  GuardSpec guards;
  std::vector<Weight> expected;
  const char* action;  // a part of one of them; nullptr: none expected
  bool settled = true;
};

class SafeSet : public testing::TestWithParam<Case> {};

TEST_P(SafeSet, ChangesOnlyWhatAGuardForbids) {
  const Case& row = GetParam();
  const auto safe = to_safe_set(row.previous, row.proposed, row.guards, k_regions);
  ASSERT_TRUE(safe) << safe.error().message();
  EXPECT_EQ(safe->weights, row.expected);
  EXPECT_EQ(safe->settled, row.settled);
  std::string told;
  for (const auto& action : safe->actions) told += action + "\n";
  if (row.action == nullptr) {
    EXPECT_EQ(told, "");
  } else {
    EXPECT_NE(told.find(row.action), std::string::npos) << told;
  }
}

GuardSpec resident(std::vector<RegionName> regions) {
  return {.residency = std::move(regions), .min_share = Ratio(0.01), .max_step = Ratio(1)};
}

INSTANTIATE_TEST_SUITE_P(
    Table, SafeSet,
    testing::Values(
        Case{"KeepsWholeWeights",
             {},
             proposal({130, 100, 100}),
             guards(0.01, 1),
             weights({130, 100, 100}),
             nullptr},
        Case{"KeepsAClosedDestinationClosed",
             {},
             proposal({100, 0, 0}),
             guards(0.01, 1),
             weights({100, 0, 0}),
             nullptr},
        Case{"TakesSharesAsTheyAre",
             {},
             proposal({0.72, 0.23, 0.05}),
             guards(0.01, 1),
             weights({7200, 2300, 500}),
             nullptr},
        Case{"LiftsToTheMinimumShare",
             {},
             proposal({0.9, 0.099, 0.001}),
             guards(0.01, 1),
             weights({8955, 945, 100}),
             "minimum share: ap raised from 0.1 % to 1.0 %"},
        Case{"SharesEquallyWhereTheMinimumDoesNotFit",
             {},
             proposal({5, 3, 1}),
             guards(0.9, 1),
             weights({3334, 3333, 3333}),
             "minimum share: ap raised"},
        Case{"HoldsTheLargestStep", weights({1, 1, 0}), proposal({1, 3, 0}), guards(0.01, 0.1),
             weights({4000, 6000, 0}), "largest step: eu held at 60.0 % (wanted 75.0 %)", false},
        Case{"ClosesOverSeveralSteps", weights({5, 5, 0}), proposal({1, 0, 0}), guards(0.01, 0.2),
             weights({7000, 3000, 0}), "largest step: eu held at 30.0 %", false},
        Case{"StepsTowardsTheMinimumShare", weights({98, 1, 1}), proposal({98, 1, 1}),
             guards(0.1, 0.1), weights({8800, 600, 600}), "minimum share: eu raised", false},
        Case{"FiltersResidencyFirst", weights({1, 1, 8}), proposal({1, 1, 8}),
             resident({RegionName("us"), RegionName("eu")}), weights({1, 1}),
             "residency: ap left out"},
        Case{"TakesThePresentShareForNoNumber", weights({2, 1, 1}), proposal({k_nan, 1, 1}),
             guards(0.01, 1), weights({5000, 2500, 2500}), "finite: us"},
        Case{"TakesEqualSharesForNoNumberAtFirst",
             {},
             proposal({k_inf, -1, k_nan}),
             guards(0.01, 1),
             weights({3334, 3333, 3333}),
             "finite: eu"},
        Case{"IsNeverEmpty", weights({2, 1, 1}), proposal({0, 0, 0}), guards(0.01, 1),
             weights({2, 1, 1}), "never empty"},
        Case{"IsNeverEmptyAtFirst",
             {},
             {},
             guards(0.01, 1),
             weights({100, 100, 100}),
             "never empty"},
        Case{"ScalesWhatIsAboveTheRange",
             {},
             proposal({20000, 10000, 10000}),
             guards(0.01, 1),
             weights({5000, 2500, 2500}),
             nullptr},
        Case{"SurvivesTheEndOfTheRange",
             {},
             proposal({1e308, 1e308, 1e-308}),
             guards(0.01, 1),
             weights({4950, 4950, 100}),
             "minimum share: ap"}),
    [](const auto& row) { return row.param.name; });

TEST(SafeSetErrors, SayWhenResidencyPermitsNothing) {
  const auto safe = to_safe_set({}, proposal({1, 1, 1}), resident({RegionName("mars")}), k_regions);
  ASSERT_FALSE(safe);
  EXPECT_EQ(safe.error().code(), Code::failed_precondition);
}

TEST(SafeSetErrors, DropAnUnknownRegionAndSaySo) {
  const std::vector<ProposedWeight> wish = {{RegionName("us"), 1, ""},
                                            {RegionName("ma\x1brs"), 5, ""}};
  const auto safe = to_safe_set({}, wish, guards(0, 1), k_regions);
  ASSERT_TRUE(safe);
  EXPECT_EQ(safe->weights, weights({1, 0, 0}));
  EXPECT_EQ(safe->actions, std::vector<std::string>{"unknown region: \"ma\\x1brs\" left out"});
}

/// Anything a broken or hostile policy may say.
double any_value(Rng& rng) {
  switch (rng.below(10)) {
    case 0:
      return k_nan;
    case 1:
      return k_inf;
    case 2:
      return -k_inf;
    case 3:
      return -rng.unit() * 1000;
    case 4:
      return 0;
    case 5:
      return std::numeric_limits<double>::max() * rng.unit();
    case 6:
      return std::numeric_limits<double>::denorm_min();
    case 7:
      return static_cast<double>(rng.below(10001));
    default:
      return rng.unit() * std::pow(10, static_cast<double>(rng.below(12)) - 6);
  }
}

struct Drawn {
  std::vector<RegionName> known;
  std::vector<Weight> previous;
  std::vector<ProposedWeight> proposed;
  GuardSpec guards;
};

Drawn draw(Rng& rng) {
  Drawn drawn;
  const std::size_t count = 1 + rng.below(rng.chance(0.02) ? 60 : 6);
  for (std::size_t i = 0; i < count; ++i) drawn.known.emplace_back("r" + std::to_string(i));
  for (const auto& region : drawn.known) {
    if (rng.chance(0.9)) drawn.proposed.emplace_back(region, any_value(rng));
    if (rng.chance(0.2)) drawn.guards.residency.push_back(region);
  }
  if (rng.chance(0.1)) drawn.proposed.emplace_back(RegionName("nowhere"), any_value(rng));
  if (rng.chance(0.1)) drawn.proposed.emplace_back(drawn.known[0], any_value(rng));
  if (rng.chance(0.8)) {
    for (const auto& region : drawn.known) {
      const bool closed = rng.chance(0.3);
      drawn.previous.push_back({region, closed ? 0 : static_cast<std::uint32_t>(rng.below(300))});
    }
  }
  drawn.guards.min_share = Ratio(rng.chance(0.5) ? rng.unit() * 0.05 : rng.unit());
  drawn.guards.max_step = Ratio(rng.chance(0.5) ? 1 : rng.unit() * rng.unit());
  return drawn;
}

std::vector<double> shares(const std::vector<Weight>& set, const std::vector<Weight>& of) {
  double sum = 0;
  std::vector<double> out;
  for (const auto& row : of) {
    const auto found = std::ranges::find(set, row.region, &Weight::region);
    out.push_back(found == set.end() ? 0.0 : found->weight);
    sum += out.back();
  }
  for (double& share : out) share = sum > 0 ? share / sum : 0;
  return out;
}

void expect_valid(const Drawn& drawn, const SafeWeights& safe) {
  std::uint64_t sum = 0;
  for (const Weight& row : safe.weights) {
    ASSERT_LE(row.weight, k_weight_max);
    const auto& allowed = drawn.guards.residency;
    ASSERT_TRUE(allowed.empty() || std::ranges::find(allowed, row.region) != allowed.end());
    sum += row.weight;
  }
  ASSERT_GT(sum, 0U) << "empty";

  const double slack = 2 * static_cast<double>(safe.weights.size() + 2) / 10000;
  const auto before = shares(drawn.previous, safe.weights);
  const auto after = shares(safe.weights, safe.weights);
  const bool stepping = std::ranges::any_of(before, [](double share) { return share > 0; });
  const auto open = std::ranges::count_if(after, [](double share) { return share > 0; });
  const double floor = std::min({drawn.guards.min_share.value(), 1.0 / static_cast<double>(open),
                                 stepping ? drawn.guards.max_step.value() : 1.0});
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (stepping) {
      ASSERT_LE(std::abs(after[i] - before[i]), drawn.guards.max_step.value() + slack);
    }
    if (safe.settled && after[i] > 0) ASSERT_GE(after[i], floor - slack);
  }
}

// A round costs ten times as much under ASan.
#if defined(__SANITIZE_ADDRESS__)
#define WEIR_UNDER_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_UNDER_ASAN
#endif
#endif
#ifdef WEIR_UNDER_ASAN
constexpr int k_rounds = 100'000;
#else
constexpr int k_rounds = 1'000'000;
#endif

TEST(SafeSetProperty, MakesAValidSetOfAnythingAndLeavesAValidSetAlone) {
  Rng rng(20260101);
  int unsettled = 0;
  for (int round = 0; round < k_rounds; ++round) {
    const Drawn drawn = draw(rng);
    const auto safe = to_safe_set(drawn.previous, drawn.proposed, drawn.guards, drawn.known);
    ASSERT_TRUE(safe);
    ASSERT_NO_FATAL_FAILURE(expect_valid(drawn, *safe)) << "round " << round;
    const auto again =
        to_safe_set(drawn.previous, as_proposal(safe->weights), drawn.guards, drawn.known);
    ASSERT_TRUE(again);
    ASSERT_EQ(again->weights, safe->weights) << "round " << round;
    unsettled += safe->settled ? 0 : 1;
  }
  EXPECT_GT(unsettled, k_rounds / 1000) << "the step limit was hardly ever drawn";
}

TEST(SafeSetProperty, ReachesTheProposalWhenAskedOftenEnough) {
  Rng rng(7);
  for (int round = 0; round < 2000; ++round) {
    Drawn drawn = draw(rng);
    drawn.guards.max_step = Ratio(0.05 + rng.unit());
    auto previous = drawn.previous;
    bool settled = false;
    for (int step = 0; step < 400 && !settled; ++step) {
      const auto safe = to_safe_set(previous, drawn.proposed, drawn.guards, drawn.known);
      ASSERT_TRUE(safe);
      settled = safe->settled;
      previous = safe->weights;
    }
    std::string told = "round " + std::to_string(round);
    for (const auto& row : previous) told += " " + std::to_string(row.weight);
    for (const auto& row : drawn.proposed) told += " / " + std::to_string(row.weight);
    ASSERT_TRUE(settled) << told << " min " << drawn.guards.min_share.value() << " step "
                         << drawn.guards.max_step.value();
  }
}

}  // namespace
}  // namespace weir
