#include "controller/publish/publish_count.h"

#include <gtest/gtest.h>

#include "common/routing/safe_set.h"

namespace weir::controller {
namespace {

WeightChange change(std::vector<std::string> guards) {
  WeightChange made;
  made.service = ServiceName("shop/web");
  made.guards = std::move(guards);
  return made;
}

TEST(PublishCount, CountsEachRuleOncePerChange) {
  PublishCount count;
  count.add(change({}));
  count.add(change({"largest step: eu held at 35.0 % (wanted 60.0 %)", "largest step: us held"}));
  EXPECT_EQ(count.changes().at(ServiceName("shop/web")), 2U);
  EXPECT_EQ(count.clamps().at("largest_step"), 1U);
  EXPECT_EQ(count.clamps().at("residency"), 0U);
}

/// A rule that is renamed in common/routing must be renamed here.
TEST(PublishCount, KnowsTheRulesByTheNamesTheGuardsUse) {
  GuardSpec guards;
  guards.min_share = Ratio(0.05);
  guards.max_step = Ratio(0.1);
  guards.residency = {RegionName("us"), RegionName("eu")};
  const std::vector<RegionName> known = {RegionName("ap"), RegionName("eu"), RegionName("us")};
  const std::vector<Weight> previous = {{RegionName("eu"), 50}, {RegionName("us"), 50}};
  PublishCount count;
  const auto told = [&](const std::vector<ProposedWeight>& wish, std::span<const Weight> before) {
    const auto safe = to_safe_set(before, wish, guards, known);
    ASSERT_TRUE(safe.has_value());
    count.add(change(safe->actions));
  };
  told({{RegionName("ap"), 10, {}}, {RegionName("us"), 90, {}}}, previous);
  told({{RegionName("eu"), 1, {}}, {RegionName("us"), 999, {}}}, {});
  told({{RegionName("eu"), 0, {}}, {RegionName("us"), 0, {}}}, previous);
  told({{RegionName("eu"), -1, {}}, {RegionName("us"), 5, {}}}, previous);
  guards.residency.clear();
  told({{RegionName("xx"), 1, {}}, {RegionName("us"), 9, {}}}, previous);
  for (const auto& [rule, times] : count.clamps()) EXPECT_GT(times, 0U) << rule;
}

}  // namespace
}  // namespace weir::controller
