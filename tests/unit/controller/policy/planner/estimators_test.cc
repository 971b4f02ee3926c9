#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/sim/rng.h"
#include "controller/policy/planner/capacity_filter.h"
#include "controller/policy/planner/demand_forecast.h"
#include "controller/policy/planner/evidence.h"
#include "controller/policy/planner/reported_capacity.h"
#include "controller/policy/planner/service_shape.h"

namespace weir::controller {
namespace {

constexpr double k_infinite = std::numeric_limits<double>::infinity();

/// One region with an objective of 200 ms.
ServiceSetting one_region() {
  ServiceSetting setting;
  setting.regions = {RegionName("a")};
  setting.slo_ms = 200;
  return setting;
}

TEST(DemandForecast, FollowsAStepAtOnce) {
  DemandForecast demand({});
  for (int i = 0; i < 20; ++i) demand.observe(200, 1);
  demand.observe(600, 1);
  EXPECT_NEAR(demand.rate(1), 600, 60);
}

TEST(DemandForecast, RunsAheadOfARamp) {
  DemandForecast demand({});
  for (int i = 0; i < 40; ++i) demand.observe(1000 + 20 * i, 1);
  EXPECT_NEAR(demand.rate(1), 1800, 25);
}

TEST(DemandForecast, DoesNotMistakeNoiseForATrend) {
  DemandForecast demand({});
  Rng rng(1);
  double error = 0;
  for (int i = 0; i < 300; ++i) {
    demand.observe(400 + rng.normal(0, 20), 1);
    if (i >= 20) error += std::pow(demand.rate(1) - 400, 2);
  }
  EXPECT_LT(std::sqrt(error / 280), 25);
  EXPECT_NEAR(demand.dispersion(), 1, 0.8);
}

TEST(DemandForecast, KeepsTheLevelThroughMissingAndAbsurdReports) {
  DemandForecast demand({});
  demand.observe(300, 1);
  for (const double bad : {k_unknown, -5.0, k_infinite, 1e300}) demand.observe(bad, 1);
  EXPECT_EQ(demand.rate(2), 300);
}

TEST(ServiceShape, LearnsALogNormal) {
  ServiceShape shape(10);
  const double spread = 0.5;
  for (int i = 0; i < 40; ++i) {
    shape.learn(40, 40 * std::exp(1.2816 * spread), 40 * std::exp(2.3263 * spread), 0.3);
  }
  EXPECT_NEAR(shape.mean_ms(), 40 * std::exp(spread * spread / 2), 1);
  EXPECT_NEAR(shape.variability(), std::exp(spread * spread) - 1, 0.03);
}

TEST(ServiceShape, StaysInOrderWhateverItIsTold) {
  ServiceShape shape(40);
  Rng rng(2);
  for (int i = 0; i < 1000; ++i) {
    const auto any = [&] { return rng.chance(0.2) ? k_unknown : std::exp(12 * rng.unit() - 4); };
    shape.learn(any(), any(), any(), rng.unit());
    ASSERT_LT(shape.p50_ms(), shape.p90_ms());
    ASSERT_LT(shape.p90_ms(), shape.p99_ms());
    ASSERT_TRUE(std::isfinite(shape.mean_ms()));
    for (std::size_t p = 1; p < ServiceShape::k_points; ++p) {
      ASSERT_LE(shape.points()[p - 1], shape.points()[p]);
    }
  }
}

TEST(CapacityFilter, SettlesOnWhatItSees) {
  CapacityFilter filter({});
  filter.start(std::log(500), 0.8);
  Rng rng(3);
  for (int i = 0; i < 30; ++i) {
    filter.pass(1);
    filter.see_capacity(std::log(800) + rng.normal(0, 0.08), 0.0064);
  }
  EXPECT_NEAR(std::exp(filter.log_capacity()), 800, 40);
  EXPECT_LT(filter.capacity_deviation(), 0.06);
}

TEST(CapacityFilter, SeesAHalvedCapacityWithinTwoIntervals) {
  CapacityFilter filter({});
  filter.start(std::log(800), 0.3);
  for (int i = 0; i < 30; ++i) {
    filter.pass(1);
    filter.see_capacity(std::log(800), 0.0064);
  }
  for (int i = 0; i < 2; ++i) {
    filter.pass(1);
    filter.see_capacity(std::log(400), 0.0064);
  }
  EXPECT_NEAR(std::exp(filter.log_capacity()), 400, 60);
}

TEST(CapacityFilter, BlamesTheLevelAtLowLoadAndTheCapacityAtHighLoad) {
  CapacityFilter low({});
  low.start(std::log(800), 0.1);
  low.see_answers(-5, 0.2, 1, 0);
  EXPECT_LT(low.level(), CapacityFilter::k_usual_level - 2);
  EXPECT_EQ(low.log_capacity(), std::log(800));
  CapacityFilter high({});
  high.start(std::log(800), 0.1);
  high.see_answers(-5, 0.2, 0.1, 30);
  EXPECT_LT(high.log_capacity(), std::log(760));
  EXPECT_GT(high.level(), CapacityFilter::k_usual_level - 1);
}

TEST(ReportedCapacity, FindsHowLateTheReportsAre) {
  ReportedCapacity reported;
  Rng rng(4);
  double rates[4] = {300, 300, 300, 300};
  std::optional<ReportedCapacity::Seen> seen;
  for (int i = 0; i < 60; ++i) {
    for (int k = 3; k > 0; --k) rates[k] = rates[k - 1];
    rates[0] = 200 + 300 * rng.unit();
    seen = reported.observe(rates[0], {.utilization = rates[2] / 800}, 0, 1, 0.05);
  }
  EXPECT_EQ(reported.lag(), 2U);
  ASSERT_TRUE(seen);
  EXPECT_NEAR(std::exp(seen->log_capacity), 800, 1);
}

TEST(ReportedCapacity, SaysNothingWithoutAUsableReport) {
  ReportedCapacity reported;
  for (const double bad : {k_unknown, -1.0, 0.0, k_infinite}) {
    EXPECT_FALSE(reported.observe(300, {.utilization = bad}, 0, 1, 0.05)) << bad;
  }
}

TEST(Evidence, CountsRequestsThatAreLateBeforeTheyEnd) {
  ServiceSetting setting = one_region();
  setting.rtt_ms = Grid<double>(1, 1, 1.0);
  const PathTable paths(setting);
  EvidenceReader reader(setting);
  auto seen = ServiceObservation::blank(1);
  const std::vector<double> medians = {40};
  seen.pairs(0, 0) = {.sent = 100, .in_flight = 100};
  reader.read(seen, paths, medians, 1);
  EXPECT_GT(reader.pairs()(0, 0).overdue, 60);
  seen.pairs(0, 0) = {.sent = 0, .in_flight = 100};
  reader.read(seen, paths, medians, 1);
  EXPECT_LT(reader.pairs()(0, 0).overdue, 35);  // the same ones are not counted again
}

TEST(Evidence, TellsRetriesFromWhatIsSentBeyondTheDemand) {
  ServiceSetting setting = one_region();
  setting.regions = {RegionName("a"), RegionName("b"), RegionName("c")};
  setting.rtt_ms = Grid<double>(3, 3, 1.0);
  const PathTable paths(setting);
  EvidenceReader reader(setting);
  auto seen = ServiceObservation::blank(3);
  seen.offered[0] = 300;
  seen.pairs(0, 0) = {.sent = 180, .ok = 180};
  seen.pairs(0, 1) = {.sent = 90, .ok = 90};
  seen.pairs(0, 2) = {.sent = 90, .errors = 80};  // refuses; 60 of them are tried again
  reader.read(seen, paths, std::vector<double>{40, 40, 40}, 1);
  EXPECT_NEAR(reader.pairs()(0, 0).retried, 40, 1e-9);
  EXPECT_NEAR(reader.pairs()(0, 1).retried, 20, 1e-9);
  EXPECT_EQ(reader.pairs()(0, 2).retried, 0);
}

TEST(Evidence, TakesNothingThatCannotBe) {
  const ServiceSetting setting = one_region();
  const PathTable paths(setting);
  EvidenceReader reader(setting);
  auto seen = ServiceObservation::blank(1);
  seen.offered[0] = -3;
  seen.pairs(0, 0) = {.sent = -5,
                      .ok = 10,
                      .errors = k_unknown,
                      .timeouts = k_infinite,
                      .in_slo = 50,
                      .latency_p50_ms = -1,
                      .in_flight = k_unknown};
  reader.read(seen, paths, std::vector<double>{40}, 1);
  const PairEvidence& pair = reader.pairs()(0, 0);
  EXPECT_EQ(pair.sent, 0);
  EXPECT_EQ(pair.ended, 10);
  EXPECT_EQ(pair.in_slo, 10);
  EXPECT_FALSE(known(reader.offered()[0]));
  EXPECT_FALSE(known(reader.destinations()[0].p50_ms));
}

}  // namespace
}  // namespace weir::controller
