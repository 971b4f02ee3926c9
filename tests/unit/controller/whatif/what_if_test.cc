#include "controller/whatif/what_if.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/catalog/policies.h"
#include "tests/unit/controller/whatif/recorded_world.h"

namespace weir::controller {
namespace {

bool names(const std::vector<BrokenLimit>& broken, const std::string& limit) {
  return std::ranges::any_of(broken, [&](const BrokenLimit& one) { return one.limit == limit; });
}

/// The truth with the same thing happening to it, the configured weights in force.
struct Truly {
  double in_objective = 0;
  Grid<double> shares;
};

Truly truly(Scenario world, const Changes& changes, std::uint64_t seed) {
  world.duration_ms = 80'000;
  world.warm_up_ms = 20'000;
  EXPECT_TRUE(apply(changes, 20'000, world));
  Simulation simulation(world, seed);
  Grid<double> sent(3, 3);
  while (simulation.advance()) {
    if (simulation.now_ms() <= 50'000) continue;
    for (std::size_t i = 0; i < 9; ++i) {
      sent.cells()[i] += simulation.seen().pairs.cells()[i].sent;
    }
  }
  return {.in_objective = simulation.finish().total.share_in(1), .shares = shares_of(sent)};
}

struct ChangeCase {
  const char* name;
  Changes changes;
};

class WhatIfAgainstTheTruth : public testing::TestWithParam<ChangeCase> {};

TEST_P(WhatIfAgainstTheTruth, PredictsSharesAndObjective) {
  const Scenario world = known_world(0.4);
  WhatIf question = question_about(world, 11);
  question.changes = GetParam().changes;
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  const Truly is = truly(world, GetParam().changes, 12);
  EXPECT_NEAR(told->configured.prediction.in_objective, is.in_objective, 0.03);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(told->configured.prediction.shares.cells()[i], is.shares.cells()[i], 0.03) << i;
  }
}

const RegionName us("us");
const RegionName eu("eu");
const RegionName ap("ap");

INSTANTIATE_TEST_SUITE_P(
    Table, WhatIfAgainstTheTruth,
    testing::Values(
        ChangeCase{"Nothing", {}},
        ChangeCase{"RegionFails", {.failed = {eu}, .cut = {}, .longer = {}}},
        ChangeCase{"PathFails", {.failed = {}, .cut = {{.a = us, .b = ap}}, .longer = {}}},
        ChangeCase{"PathIsLonger",
                   {.failed = {}, .cut = {}, .longer = {{.a = us, .b = eu, .add_ms = 100}}}},
        ChangeCase{"MoreTraffic", {.failed = {}, .cut = {}, .longer = {}, .traffic_scale = 1.8}}),
    [](const auto& row) { return row.param.name; });

TEST(WhatIf, TellsWhichLimitsBreakUnderWhichSteering) {
  const Scenario world = known_world(0.7);
  WhatIf question = question_about(world, 3);
  question.changes.failed = {eu};
  question.tolerated = 0.3;
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  EXPECT_TRUE(names(told->configured.broken, "capacity"));  // 2.1 regions' demand on two
  EXPECT_FALSE(names(told->configured.broken, "destination"));
  EXPECT_TRUE(told->configured.in_force);
  EXPECT_FALSE(told->steered.in_force);
  ASSERT_TRUE(told->back_test);
}

TEST(WhatIf, IsContentWhenNothingChanges) {
  WhatIf question = question_about(known_world(0.3), 3);
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  EXPECT_TRUE(told->steered.broken.empty());
  EXPECT_NEAR(told->steered.prediction.shares(0, 0), 1, 0.05);
  EXPECT_GT(told->steered.prediction.in_objective, told->now.in_objective);
}

TEST(WhatIf, TellsOfASourceThatResidencyLeavesAlone) {
  Scenario world = known_world(0.3);
  world.allowed = Grid<char>(3, 3, 1);
  world.allowed(1, 0) = world.allowed(1, 2) = 0;
  WhatIf question = question_about(world, 3);
  question.changes.failed = {eu};
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  ASSERT_TRUE(names(told->configured.broken, "destination"));
  EXPECT_NE(told->configured.broken[0].text.find("eu has no region left"), std::string::npos);
}

TEST(WhatIf, AsksAPolicyOfTheCatalog) {
  const PolicyCatalog catalog = all_policies();
  WhatIf question = question_about(known_world(0.5), 3);
  question.changes.failed = {eu};
  question.policy = "learned";
  question.make_policy = [&](const ServiceSetting& setting) {
    const PolicyKind& kind = *catalog.find("learned");
    return kind.make(setting, {.tuning = Tuning(kind.tunables), .seed = 1, .checkpoint = {}});
  };
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  const double configured = told->configured.prediction.in_objective;
  EXPECT_GT(told->steered.prediction.in_objective, configured + 0.03);
}

TEST(WhatIf, IsTheSameUnderTheSameSeed) {
  WhatIf question = question_about(known_world(0.3), 3);
  const auto once = answer(question, never);
  const auto again = answer(question, never);
  ASSERT_TRUE(once && again);
  EXPECT_EQ(once->steered.prediction.p99_ms, again->steered.prediction.p99_ms);
  EXPECT_EQ(once->configured.prediction.in_objective, again->configured.prediction.in_objective);
}

TEST(WhatIf, ReplaysTheRecordedDemand) {
  Scenario world = known_world(0.3);
  world.demand[0].shapes.push_back(
      {.kind = DemandShape::Kind::surge, .level = 3, .at_ms = 80'000, .hold_ms = 40'000});
  WhatIf question = question_about(world, 3);
  question.replay = true;
  question.for_ms = 120'000;
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  // A surge to 0.9 of us' capacity, of which 130 of 330 stay there: the mean would show less.
  const auto mean = [&] {
    question.replay = false;
    return answer(question, never);
  }();
  ASSERT_TRUE(mean) << mean.error().message();
  EXPECT_GT(told->steered.prediction.load[0], mean->steered.prediction.load[0] + 0.1);
}

struct RefusedCase {
  const char* name;
  Changes changes;
  double for_ms;
  const char* complaint;
};

class WhatIfRefuses : public testing::TestWithParam<RefusedCase> {};

TEST_P(WhatIfRefuses, WithWords) {
  WhatIf question = question_about(known_world(0.3), 3);
  question.changes = GetParam().changes;
  question.for_ms = GetParam().for_ms;
  const auto told = answer(question, never);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code(), Code::invalid_argument);
  EXPECT_NE(told.error().message().find(GetParam().complaint), std::string::npos)
      << told.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, WhatIfRefuses,
    testing::Values(RefusedCase{"UnknownRegion",
                                {.failed = {RegionName("mars")}, .cut = {}, .longer = {}},
                                60'000,
                                "\"mars\" is none of the mesh's: us, eu, ap"},
                    RefusedCase{"PathToItself",
                                {.failed = {}, .cut = {{.a = us, .b = us}}, .longer = {}},
                                60'000,
                                "\"us\" stands twice"},
                    RefusedCase{
                        "Faster",
                        {.failed = {}, .cut = {}, .longer = {{.a = us, .b = eu, .add_ms = -1}}},
                        60'000,
                        "between 1ms and 10s"},
                    RefusedCase{"Scale",
                                {.failed = {}, .cut = {}, .longer = {}, .traffic_scale = 1e9},
                                60'000,
                                "between 0 and 10"},
                    RefusedCase{"NoNumber",
                                {.failed = {}, .cut = {}, .longer = {}, .traffic_scale = k_unknown},
                                60'000,
                                "between 0 and 10"},
                    RefusedCase{"TooLong", {}, 3'600'001, "between 10s and 1h"},
                    RefusedCase{"TooMuch",
                                {.failed = {}, .cut = {}, .longer = {}, .traffic_scale = 10},
                                3'600'000,
                                "the limit is 3000000: ask for at most"}),
    [](const auto& row) { return row.param.name; });

TEST(WhatIf, StopsWhenAsked) {
  const WhatIf question = question_about(known_world(0.3), 3);
  int looks = 0;
  const auto told = answer(question, [&] { return ++looks > 150; });
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code(), Code::cancelled);
  EXPECT_LE(looks, 153);
}

TEST(WhatIf, TellsWhatItWouldCostAndWhenThatIsTooMuch) {
  WhatIf question = question_about(known_world(0.3), 3);
  question.setting.kb_per_request = 100;
  question.setting.cost_per_gb = Grid<double>(3, 3, 0.05);
  for (std::size_t i = 0; i < 3; ++i) question.setting.cost_per_gb(i, i) = 0;
  question.setting.max_cost_per_hour = 0.01;
  question.changes.failed = {eu};
  const auto told = answer(question, never);
  ASSERT_TRUE(told) << told.error().message();
  const Prediction& now = told->now;
  double abroad_rps = 0;
  for (std::size_t to = 0; to < 3; ++to) abroad_rps += now.rps[to];
  EXPECT_GT(now.cost_per_hour, 0);
  EXPECT_LT(now.cost_per_hour, abroad_rps * 100e-6 * 0.05 * 3600);
  EXPECT_GT(told->configured.prediction.cost_per_hour, 0);
  EXPECT_TRUE(names(told->configured.broken, "cost"));
}

}  // namespace
}  // namespace weir::controller
