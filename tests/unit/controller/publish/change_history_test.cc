#include "controller/publish/change_history.h"

#include <gtest/gtest.h>

#include "controller/publish/publication_rows.h"

namespace weir::controller {
namespace {

const ServiceName k_web("shop/web");
const RegionName k_us("us");

WeightChange change(std::uint64_t generation, const RegionName& from) {
  WeightChange made;
  made.service = k_web;
  made.from = from;
  made.id = {1, generation};
  return made;
}

TEST(ChangeHistory, FindsWhatWasInForceAtAGeneration) {
  ChangeHistory history;
  history.add(change(2, k_us));
  history.add(change(3, RegionName("eu")));
  history.add(change(5, k_us));
  EXPECT_EQ(history.at(k_web, k_us, 0)->id.generation, 5U);
  EXPECT_EQ(history.at(k_web, k_us, 4)->id.generation, 2U);
  EXPECT_EQ(history.at(k_web, k_us, 1), nullptr);
  const auto listed = history.before(k_web, k_us, {1, 5}, 9);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id.generation, 2U);
  EXPECT_TRUE(history.before(k_web, k_us, {1, 6}, 0).empty());
}

TEST(ChangeHistory, NamesTheRowsThatFallOut) {
  ChangeHistory history(3);
  for (std::uint64_t i = 1; i <= 3; ++i) history.add(change(i, k_us));
  EXPECT_TRUE(history.overflow(0).empty());
  EXPECT_EQ(history.overflow(2), (std::vector<std::string>{change_row_key(change(1, k_us)),
                                                           change_row_key(change(2, k_us))}));
  history.add(change(4, k_us));
  EXPECT_EQ(history.size(), 3U);
  EXPECT_EQ(history.at(k_web, k_us, 1), nullptr);
}

WeightChange made_at(std::uint64_t generation, std::int64_t unix_ms) {
  WeightChange made = change(generation, k_us);
  made.unix_ms = unix_ms;
  return made;
}

TEST(ChangeHistory, FindsWhatWasInForceAtATime) {
  ChangeHistory history;
  history.add(made_at(1, 1000));
  history.add(made_at(2, 5000));
  EXPECT_EQ(history.at_time(k_web, k_us, 999), nullptr);
  EXPECT_EQ(history.at_time(k_web, k_us, 4999)->id.generation, 1U);
  EXPECT_EQ(history.at_time(k_web, k_us, 5000)->id.generation, 2U);
  EXPECT_EQ(history.at_time(k_web, RegionName("eu"), 9000), nullptr);
}

TEST(ChangeHistory, ListsAStretchOfTime) {
  ChangeHistory history;
  for (std::uint64_t i = 1; i <= 5; ++i) history.add(made_at(i, static_cast<std::int64_t>(i)));
  const auto some = history.between({}, {}, 2, 4, 2);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].id.generation, 4U);
  EXPECT_EQ(some[1].id.generation, 3U);
  EXPECT_EQ(history.between(k_web, k_us, 0, 100, 100).size(), 5U);
  EXPECT_TRUE(history.between(ServiceName("shop/none"), {}, 0, 100, 100).empty());
  EXPECT_TRUE(history.between({}, RegionName("eu"), 0, 100, 100).empty());
}

TEST(ChangeHistory, FollowsUpEachChangeOnceAndNoneThatIsLongGone) {
  ChangeHistory history;
  history.add(made_at(1, 1000));
  history.add(made_at(2, 70'000));
  history.add(made_at(3, 80'000));
  auto due = history.to_follow_up(75'000);
  ASSERT_EQ(due.size(), 1U) << "the first is older than a minute, the last too new";
  EXPECT_EQ(due[0]->id.generation, 2U);
  due[0]->seen_after = SeenRequests{};
  EXPECT_TRUE(history.to_follow_up(75'000).empty());
  EXPECT_EQ(history.to_follow_up(80'000).size(), 1U);
}

}  // namespace
}  // namespace weir::controller
