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
  const auto listed = history.list(k_web, k_us, 1);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id.generation, 5U);
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

}  // namespace
}  // namespace weir::controller
