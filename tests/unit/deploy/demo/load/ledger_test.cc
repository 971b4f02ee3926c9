#include "deploy/demo/load/ledger.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace weir::load {
namespace {

using std::chrono::milliseconds;

Outcome answered(int status, const std::string& served_by, int due_ms = 0) {
  return {WallTime(milliseconds(due_ms)), milliseconds(10), status, served_by, "", ""};
}
Outcome unanswered(const std::string& reason) {
  return {WallTime(), milliseconds(10), 0, "", "", reason};
}

TEST(Ledger, TellsAnsweredErrorsAndLostApart) {
  EXPECT_FALSE(Ledger::is_lost(answered(200, "eu/1")));
  EXPECT_FALSE(Ledger::is_lost(answered(500, "eu/1")));  // the server's own answer
  EXPECT_FALSE(Ledger::is_lost(answered(404, "")));
  EXPECT_TRUE(Ledger::is_lost(answered(503, "")));  // the gateway's
  EXPECT_TRUE(Ledger::is_lost(unanswered("timeout")));
}

TEST(Ledger, WritesASecondAndStartsTheNext) {
  Ledger ledger("eu");
  for (const Outcome& outcome :
       {answered(200, "eu/1", 5000), answered(200, "eu/2", 4000), answered(500, "us/1", 3000),
        answered(502, ""), unanswered("timeout")}) {
    ledger.sent();
    ledger.ended(outcome);
  }
  ledger.sent();  // under way

  const auto line =
      boost::json::parse(ledger.second_line(WallTime(milliseconds(9000)))).as_object();
  EXPECT_EQ(line.at("type"), "second");
  EXPECT_EQ(line.at("source"), "eu");
  EXPECT_EQ(line.at("sent"), 6);
  EXPECT_EQ(line.at("answered"), 2);
  EXPECT_EQ(line.at("errors"), 1);
  EXPECT_EQ(line.at("lost"), 2);
  EXPECT_EQ(line.at("in_flight"), 1);
  EXPECT_EQ(line.at("regions").at("eu"), 2);
  EXPECT_EQ(line.at("servers").at("us/1"), 1);
  EXPECT_EQ(line.at("reasons").at("status 502"), 1);
  EXPECT_EQ(line.at("reasons").at("timeout"), 1);
  EXPECT_EQ(line.at("last_served_unix_ms").at("eu"), 5000.0);

  const auto next = boost::json::parse(ledger.second_line(WallTime())).as_object();
  EXPECT_EQ(next.at("sent"), 0);
  EXPECT_EQ(next.at("lost"), 0);
  const auto total = boost::json::parse(ledger.total_line(WallTime(), 7)).as_object();
  EXPECT_EQ(total.at("sent"), 6);
  EXPECT_EQ(total.at("lost"), 2);
  EXPECT_EQ(total.at("skipped"), 7);
}

TEST(Ledger, HoldsABoundedNumberOfNamesFromServers) {
  Ledger ledger("eu");
  for (int i = 0; i < 10'000; ++i) {
    ledger.sent();
    ledger.ended(answered(200, "region" + std::to_string(i) + "/x"));
  }
  EXPECT_LT(ledger.total_line(WallTime(), 0).size(), 20'000U);
}

}  // namespace
}  // namespace weir::load
