#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/sim/rng.h"
#include "controller/series/series_reader.h"
#include "controller/store/memory/memory_store.h"

namespace weir::controller {
namespace {

constexpr std::int64_t k_start = 1'795'000'000;
constexpr std::int64_t k_hour = 3600;
constexpr double k_unknown = std::numeric_limits<double>::quiet_NaN();
const SeriesKey k_path{.family = "path", .from = "us/agent-1", .to = "eu/agent-1"};

/// A recorder and the store its rows go to.
class SeriesTest : public testing::Test {
 protected:
  void record(const SeriesKey& key, std::vector<double> values, std::int64_t unix_s) {
    recorder_.add(key, values, unix_s);
    ASSERT_TRUE(write_series(store_, recorder_.take(unix_s)));
  }
  SeriesAnswer read(const SeriesPlan& plan, const SeriesKey& key) {
    auto answer =
        read_series(store_, open_blocks(recorder_, key.family, key.from, plan.tier), plan, key);
    EXPECT_TRUE(answer);
    return answer ? *answer : SeriesAnswer();
  }
  SeriesMoment moment(const std::string& family, std::int64_t at_s, std::int64_t now_s) {
    const SeriesPlan plan = *plan_series(at_s, at_s + 1, now_s);
    return *read_moment(store_, open_blocks(recorder_, family, "", plan.tier), family, plan);
  }
  std::size_t rows(const std::string& prefix) {
    return scan_all(store_, prefix, 1'000'000)->size();
  }

  MemoryStore store_;
  SeriesRecorder recorder_;
};

TEST(SeriesBlock, KeepsValuesInThreeBytes) {
  Rng rng(1);
  SeriesBlock block(2);
  for (std::size_t step = 0; step < 59; ++step) {
    block.at(0, step) = static_cast<float>(std::exp(rng.unit() * 40 - 20));
  }
  const auto again = SeriesBlock::decode(block.encoded());
  ASSERT_TRUE(again);
  for (std::size_t step = 0; step < 59; ++step) {
    EXPECT_NEAR(again->at(0, step), block.at(0, step), block.at(0, step) * 3.1e-5F);
  }
  EXPECT_TRUE(std::isnan(again->at(0, 59)));
  EXPECT_TRUE(std::isnan(again->at(1, 0)));
  for (const std::string& damaged : {std::string(), std::string("\x02"), block.encoded() + "x",
                                     std::string("\xff") + block.encoded().substr(1)}) {
    EXPECT_FALSE(SeriesBlock::decode(damaged));
  }
}

TEST(SeriesRowKey, SortsByTimeAndTellsIt) {
  const SeriesTier& tier = k_series_tiers[0];
  EXPECT_EQ(series_row_key(tier, k_path, 255), "series/1s/path!0000000000ff!us/agent-1!eu/agent-1");
  EXPECT_EQ(start_of_row(series_row_key(tier, k_path, k_start)), k_start);
  EXPECT_LT(series_row_key(tier, k_path, 15), series_row_key(tier, k_path, 16));
  EXPECT_EQ(start_of_row("series/1s/path"), -1);
  EXPECT_EQ(start_of_row("series/1s/path!zz"), -1);
}

struct PlanCase {
  const char* name;
  std::int64_t since_ago;
  std::int64_t until_ago;
  std::int64_t step_s;  // 0: refused
};

class Plan : public testing::TestWithParam<PlanCase> {};

TEST_P(Plan, TakesTheFinestTierThatAnswers) {
  const auto plan =
      plan_series(k_start - GetParam().since_ago, k_start - GetParam().until_ago, k_start);
  ASSERT_EQ(plan.has_value(), GetParam().step_s != 0);
  if (!plan) return;
  EXPECT_EQ(plan->step_s(), GetParam().step_s);
  EXPECT_LE(plan->steps, k_series_steps_max + 1);
  EXPECT_GE(plan->end_s(), k_start - GetParam().until_ago);
}

INSTANTIATE_TEST_SUITE_P(Table, Plan,
                         testing::Values(PlanCase{"LastMinutes", 300, 0, 1},
                                         PlanCase{"AnHour", 3599, 0, 1},
                                         PlanCase{"TwoHours", 7200, 0, 10},
                                         PlanCase{"AMinuteOfThisMorning", 20'000, 19'940, 10},
                                         PlanCase{"ADay", 86'000, 0, 60},
                                         PlanCase{"AMinuteOfLastWeek", 600'000, 599'940, 60},
                                         PlanCase{"AMonth", 30LL * 86'400, 0, 720},
                                         PlanCase{"Backwards", 10, 20, 0},
                                         PlanCase{"Future", -10, -20, 0}),
                         [](const auto& row) { return row.param.name; });

TEST_F(SeriesTest, AnswerARangeFromRowsAndOpenBlocks) {
  for (std::int64_t second = 0; second < 200; ++second) {
    record(k_path, {static_cast<double>(second), 7}, k_start + second);
  }
  const SeriesPlan plan = *plan_series(k_start + 10, k_start + 200, k_start + 200);
  const SeriesAnswer answer = read(plan, k_path);
  ASSERT_EQ(answer.size(), 1U);
  const auto& column = answer.at("eu/agent-1")[0];
  for (std::size_t i = 0; i < column.size(); ++i) {
    ASSERT_NEAR(column[i], 10.0 + static_cast<double>(i), 0.01) << i;
  }
  EXPECT_EQ(column.size(), 190U);
}

TEST_F(SeriesTest, CoarserTiersHoldMeansOfWhatIsKnown) {
  for (std::int64_t second = 0; second < 2 * k_hour; ++second) {
    record(k_path, {second % 2 == 0 ? 10.0 : 20.0, second % 10 == 0 ? 5.0 : k_unknown},
           k_start + second);
  }
  const std::int64_t now = k_start + 2 * k_hour;
  const auto answer = read(*plan_series(k_start + 60, now - 60, now), k_path).at("eu/agent-1");
  for (const double value : answer[0]) ASSERT_NEAR(value, 15, 0.01);
  for (const double value : answer[1]) ASSERT_NEAR(value, 5, 0.01);
}

TEST_F(SeriesTest, KeepWhatWasKnownOverARestart) {
  for (std::int64_t second = 0; second < 30; ++second) record(k_path, {1}, k_start + second);
  ASSERT_TRUE(write_series(store_, recorder_.close()));
  for (std::int64_t second = 40; second < 50; ++second) record(k_path, {2}, k_start + second);
  const auto column =
      read(*plan_series(k_start, k_start + 50, k_start + 50), k_path).at("eu/agent-1")[0];
  EXPECT_NEAR(column[29], 1, 0.01);
  EXPECT_TRUE(std::isnan(column[35]));
  EXPECT_NEAR(column[45], 2, 0.01);
}

TEST_F(SeriesTest, TellAMomentOfAllAtOnce) {
  const SeriesKey other{.family = "path", .from = "eu/agent-1", .to = "us/agent-1"};
  for (std::int64_t second = 0; second < 130; ++second) {
    record(k_path, {static_cast<double>(second)}, k_start + second);
    record(other, {1000.0 + static_cast<double>(second)}, k_start + second);
  }
  for (const std::int64_t at : {5, 65, 125}) {
    const SeriesMoment told = moment("path", k_start + at, k_start + 130);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_NEAR(told.at({"us/agent-1", "eu/agent-1"})[0], static_cast<double>(at), 0.01);
    EXPECT_NEAR(told.at({"eu/agent-1", "us/agent-1"})[0], 1000.0 + static_cast<double>(at), 0.1);
  }
  EXPECT_TRUE(moment("path", k_start - 500, k_start + 130).empty());
}

TEST_F(SeriesTest, StayWithinTheirTime) {
  const auto day = std::int64_t{86'400};
  // A value a minute suffices: every block is begun and ended.
  for (std::int64_t second = 0; second < 3 * day; second += 60) {
    record(k_path, {1}, k_start + second);
  }
  EXPECT_LE(rows("series/1s/"), 62U);
  EXPECT_LE(rows("series/10s/"), 146U);
  EXPECT_NEAR(static_cast<double>(rows("series/1m/")), 72, 2);
  for (const SeriesTier& tier : k_series_tiers) {
    const auto swept = sweep_series(store_, tier, "", k_start + 40 * day);
    ASSERT_TRUE(swept);
    EXPECT_EQ(*swept, "");
  }
  EXPECT_EQ(rows("series/"), 0U);
}

TEST_F(SeriesTest, AreBoundedInNumber) {
  SeriesRecorder few(2);
  EXPECT_TRUE(few.add({"path", "a", "b"}, std::vector{1.0}, k_start));
  EXPECT_TRUE(few.add({"path", "a", "c"}, std::vector{1.0}, k_start));
  EXPECT_FALSE(few.add({"path", "a", "d"}, std::vector{1.0}, k_start));
  EXPECT_EQ(few.dropped(), 1U);
  EXPECT_EQ(few.take(k_start + 2 * k_hour).size(), 2U * 3 * 2) << "silent series make room";
  EXPECT_TRUE(few.add({"path", "a", "d"}, std::vector{1.0}, k_start + 2 * k_hour));
}

TEST_F(SeriesTest, MakeRoomForOthersAndKeepWhatTheyTold) {
  SeriesRecorder one(1);
  EXPECT_TRUE(one.add(k_path, std::vector{4.0}, k_start));
  const SeriesKey other{.family = "path", .from = "a", .to = "b"};
  EXPECT_FALSE(one.add(other, std::vector{5.0}, k_start + 1));
  one.keep_only([&](const SeriesKey& key) { return key == other; });
  EXPECT_TRUE(one.add(other, std::vector{5.0}, k_start + 2));
  ASSERT_TRUE(write_series(store_, one.take(k_start + 2)));
  EXPECT_NEAR(moment("path", k_start, k_start + 3).at({"us/agent-1", "eu/agent-1"})[0], 4, 0.01);
}

TEST_F(SeriesTest, TakeNoTimeThatGoesBack) {
  record(k_path, {1}, k_start + 100);
  record(k_path, {9}, k_start + 50);
  EXPECT_TRUE(moment("path", k_start + 50, k_start + 101).empty());
}

}  // namespace
}  // namespace weir::controller
