#include "common/rpc/outbox.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Outbox, CountsBytesUntilTheyAreSentNotUntilTheyAreTaken) {
  Outbox outbox(10);
  EXPECT_TRUE(outbox.push("123456"));
  EXPECT_EQ(outbox.take(), "123456");
  EXPECT_EQ(outbox.bytes(), 6U);
  EXPECT_FALSE(outbox.push("12345"));
  outbox.sent();
  EXPECT_EQ(outbox.bytes(), 0U);
  EXPECT_TRUE(outbox.push("12345"));
}

TEST(Outbox, TakesOneMessageAboveTheLimitWhenNothingWaits) {
  Outbox outbox(10);
  EXPECT_TRUE(outbox.push(std::string(100, 'x')));
  EXPECT_FALSE(outbox.push("y"));
}

TEST(Outbox, KeepsOnlyTheNewestState) {
  Outbox outbox(100);
  EXPECT_TRUE(outbox.push_latest("one"));
  EXPECT_TRUE(outbox.push("event"));
  EXPECT_TRUE(outbox.push_latest("three"));
  EXPECT_EQ(outbox.size(), 2U);
  EXPECT_EQ(outbox.bytes(), 10U);
  EXPECT_EQ(outbox.take(), "three");
  outbox.sent();
  EXPECT_EQ(outbox.take(), "event");
}

TEST(Outbox, RefusesANewestStateThatDoesNotFitBesideTheOthers) {
  Outbox outbox(10);
  EXPECT_TRUE(outbox.push("12345"));
  EXPECT_TRUE(outbox.push_latest("12"));
  EXPECT_FALSE(outbox.push_latest("123456"));
  EXPECT_TRUE(outbox.push_latest("12345"));
}

TEST(Outbox, ForgetsWhatWaitsButNotWhatIsUnderWay) {
  Outbox outbox(100);
  EXPECT_TRUE(outbox.push("one"));
  EXPECT_TRUE(outbox.push("two"));
  EXPECT_EQ(outbox.take(), "one");
  outbox.clear();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 3U);
  outbox.sent();
  EXPECT_EQ(outbox.bytes(), 0U);
}

}  // namespace
}  // namespace weir
