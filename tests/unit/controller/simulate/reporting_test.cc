#include "controller/simulate/reporting.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

/// One measured interval whose numbers tell which it was.
ServiceObservation numbered(double n) {
  ServiceObservation seen = ServiceObservation::blank(3);
  seen.t_ms = n * 1000;
  for (std::size_t i = 0; i < 3; ++i) {
    seen.offered[i] = n;
    seen.servers[i] = {.ready = 4, .endpoints = 4, .utilization = n, .in_flight = n, .queue = n};
    for (std::size_t j = 0; j < 3; ++j) {
      seen.pairs(i, j).sent = n;
      seen.paths(i, j).rtt_ms = n;
    }
  }
  return seen;
}

Scenario with(Incident incident) {
  Scenario scenario = three_regions(0.5);
  scenario.incidents = {std::move(incident)};
  return scenario;
}

TEST(Reporting, PassesOnWhatWasMeasured) {
  const Scenario scenario = three_regions(0.5);
  Reporting reporting(scenario);
  reporting.take(numbered(3));
  EXPECT_EQ(reporting.seen().t_ms, 3000);
  EXPECT_EQ(reporting.seen().pairs(0, 2).sent, 3);
  EXPECT_EQ(reporting.seen().servers[1].utilization, 3);
}

TEST(Reporting, ArrivesLateByTheIntervalsSaidOnceItIsOnItsWay) {
  const Scenario scenario = with(
      {.kind = Incident::Kind::late, .regions = {1}, .intervals = 2, .what = Incident::What::all});
  Reporting reporting(scenario);
  reporting.begin(0);
  reporting.take(numbered(1));
  EXPECT_FALSE(known(reporting.seen().offered[1]));
  reporting.take(numbered(2));
  reporting.take(numbered(3));
  EXPECT_EQ(reporting.seen().t_ms, 3000);
  EXPECT_EQ(reporting.seen().offered[1], 1);
  EXPECT_EQ(reporting.seen().pairs(1, 0).sent, 1);
  EXPECT_EQ(reporting.seen().servers[1].queue, 1);
  EXPECT_EQ(reporting.seen().paths(1, 2).rtt_ms, 1);
  EXPECT_EQ(reporting.seen().offered[0], 3);
  reporting.end(0);
  reporting.take(numbered(4));
  EXPECT_EQ(reporting.seen().offered[1], 4);
}

TEST(Reporting, IsUnknownWhereItIsMissing) {
  const Scenario scenario =
      with({.kind = Incident::Kind::missing, .regions = {0, 2}, .what = Incident::What::servers});
  Reporting reporting(scenario);
  reporting.begin(0);
  reporting.take(numbered(5));
  EXPECT_FALSE(known(reporting.seen().servers[0].utilization));
  EXPECT_FALSE(known(reporting.seen().servers[2].ready));
  EXPECT_EQ(reporting.seen().servers[1].ready, 4);
  EXPECT_EQ(reporting.seen().pairs(0, 0).sent, 5);  // its gateway still reports
}

TEST(Reporting, IsScaledWhereItIsWrong) {
  const Scenario scenario = with({.kind = Incident::Kind::wrong, .regions = {1}, .factor = 0.25});
  Reporting reporting(scenario);
  reporting.begin(0);
  reporting.take(numbered(8));
  EXPECT_EQ(reporting.seen().servers[1].utilization, 2);
  EXPECT_EQ(reporting.seen().servers[1].queue, 2);
  EXPECT_EQ(reporting.seen().servers[1].ready, 4);
  EXPECT_EQ(reporting.seen().servers[0].utilization, 8);
}

}  // namespace
}  // namespace weir::controller
