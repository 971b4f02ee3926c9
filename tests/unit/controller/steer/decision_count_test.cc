#include "controller/steer/decision_count.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

TEST(DecisionCount, CountsADecisionOnceItIsKnownWhatBecameOfIt) {
  DecisionCount count;
  count.answered(true);
  EXPECT_EQ(count.totals().applied, 0U);
  count.answered(true);
  EXPECT_EQ(count.totals().applied, 1U);
  count.clamped();
  count.clamped();
  count.answered(false);
  EXPECT_EQ(count.totals().clamped, 1U);
  count.clamped();  // what is only shown is held by no guard
  count.answered(false);
  count.rejected(2);
  EXPECT_EQ(count.totals().applied, 1U);
  EXPECT_EQ(count.totals().clamped, 1U);
  EXPECT_EQ(count.totals().shadow, 1U);
  EXPECT_EQ(count.totals().rejected, 2U);
}

}  // namespace
}  // namespace weir::controller
