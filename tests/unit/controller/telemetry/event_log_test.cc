#include "controller/telemetry/event_log.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

EventLog::Event event(const std::string& type, const std::string& service = "") {
  EventLog::Event made;
  made.set_type(type);
  made.set_service(service);
  return made;
}

TEST(EventLog, DropsTheOldestAndKeepsCounting) {
  EventLog log(3);
  for (const char* type : {"a", "b", "c", "d"}) log.add(event(type));
  EXPECT_EQ(log.size(), 3U);
  EXPECT_EQ(log.newest(), 4U);
  const auto all = log.list({}, 0);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front().type(), "b");
  EXPECT_EQ(all.back().type(), "d");
}

TEST(EventLog, ListsTheNewestThatPassTheFilter) {
  EventLog log;
  log.add(event("path.down", "shop/web"));
  log.add(event("path.up", "shop/web"));
  log.add(event("path.down", "shop/pay"));
  log.add(event("path.down", "shop/web"));
  EXPECT_EQ(log.list({.service = "shop/web", .region = "", .type = "path.down"}, 0).size(), 2U);
  EXPECT_EQ(log.list({.service = "", .region = "eu", .type = ""}, 0).size(), 0U);
  const auto newest = log.list({}, 1);
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].service(), "shop/web");
}

TEST(EventLog, TellsAWatcherWhatCameSince) {
  EventLog log(2);
  log.add(event("a"));
  const std::uint64_t seen = log.newest();
  EXPECT_TRUE(log.since(seen, {}).empty());
  log.add(event("b"));
  ASSERT_EQ(log.since(seen, {}).size(), 1U);
  log.add(event("c"));
  log.add(event("d"));  // "b" is gone by now
  const auto late = log.since(seen, {});
  ASSERT_EQ(late.size(), 2U);
  EXPECT_EQ(late[0].type(), "c");
  EXPECT_TRUE(log.since(1000, {}).empty());
}

TEST(EventLog, CutsLongTexts) {
  EventLog log;
  EventLog::Event long_one = event("a");
  long_one.set_message(std::string(5000, 'x'));
  log.add(long_one);
  EXPECT_EQ(log.list({}, 0)[0].message().size(), 1000U);
}

TEST(EventLog, CutsBetweenLettersSoThatAReaderTakesTheEvent) {
  EventLog log;
  EventLog::Event long_one = event("a");
  long_one.set_message("x" + std::string(999, 'y').replace(998, 1, "\u20ac"));
  log.add(long_one);
  const std::string bytes = log.list({}, 0)[0].SerializeAsString();
  EventLog::Event read;
  EXPECT_TRUE(read.ParseFromString(bytes));
  EXPECT_EQ(read.message().size(), 999U);
}

TEST(EventLog, FindsTheEventsThatComeFromARegion) {
  EventLog log;
  EventLog::Event one = event("path.down");
  one.set_region("eu");
  one.set_from_region("us");
  log.add(one);
  for (const char* region : {"eu", "us"}) {
    EXPECT_EQ(log.list({.service = "", .region = region, .type = ""}, 0).size(), 1U) << region;
  }
}

}  // namespace
}  // namespace weir::controller
