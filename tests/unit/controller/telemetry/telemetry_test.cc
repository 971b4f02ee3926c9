#include "controller/telemetry/telemetry.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

namespace pb = telemetry::v1;
using std::chrono::seconds;

const AgentId k_one("us/agent-1");
const AgentId k_two("us/agent-2");
const RegionName k_us("us");
const RegionName k_eu("eu");
const ServiceName k_web("shop/web");
const FlowKey k_flow{k_web, k_us, k_eu};
constexpr Time k_start{std::chrono::hours(1)};

Telemetry fresh() { return Telemetry({.regions = {k_us, k_eu}, .services = {k_web}}); }

pb::Report report(std::uint64_t sequence) {
  pb::Report made;
  made.set_sequence(sequence);
  made.set_window_ms(1000);
  return made;
}

pb::Traffic& add_traffic(pb::Report& to, std::uint64_t started, std::size_t bucket,
                         const std::string& state = "active") {
  pb::Traffic& traffic = *to.add_traffic();
  traffic.set_service(k_web.value());
  traffic.set_to_region(k_eu.value());
  traffic.set_started(started);
  traffic.set_ok(started);
  traffic.add_bucket_index(static_cast<std::uint32_t>(bucket));
  traffic.add_bucket_count(started);
  traffic.set_state(state);
  traffic.set_effective_share_ppm(300'000);
  return traffic;
}

pb::Path& add_path(pb::Report& to, bool up) {
  pb::Path& path = *to.add_paths();
  path.set_to_agent("eu/agent-1");
  path.set_to_region("eu");
  path.set_up(up);
  path.set_rtt_p50_us(80'000);
  path.set_rtt_p95_us(80'000);
  path.set_rtt_p99_us(80'000);
  return path;
}

TEST(Telemetry, SumsTheLastTenSecondsOfAllAgentsOfARegion) {
  Telemetry telemetry = fresh();
  for (int second = 0; second < 25; ++second) {
    for (const AgentId& agent : {k_one, k_two}) {
      pb::Report window = report(static_cast<std::uint64_t>(second) + 1);
      add_traffic(window, 50, LatencyHistogram::bucket_of(1000));
      ASSERT_TRUE(telemetry.ingest(agent, k_us, window, k_start + seconds(second), 0));
    }
  }
  const FlowSums sums = telemetry.sums(k_flow, k_start + seconds(24));
  EXPECT_EQ(sums.started, 1000U);
  EXPECT_NEAR(sums.requests_per_second, 100, 0.01);
  EXPECT_NEAR(static_cast<double>(sums.latency.quantile(0.5).count()), 1000, 64);
  EXPECT_EQ(telemetry.sums(k_flow, k_start + seconds(60)).started, 0U);
}

TEST(Telemetry, DoesNotDivideTheFirstSecondByTen) {
  Telemetry telemetry = fresh();
  pb::Report window = report(1);
  add_traffic(window, 50, 10);
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, 0));
  EXPECT_NEAR(telemetry.sums(k_flow, k_start).requests_per_second, 50, 0.01);
}

TEST(Telemetry, KeepsTheMomentAPathChanged) {
  Telemetry telemetry = fresh();
  const auto since = [&](std::uint64_t sequence, bool up, std::int64_t unix_ms) {
    pb::Report window = report(sequence);
    add_path(window, up);
    EXPECT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, unix_ms));
    return telemetry.paths(k_start).at(0).since_unix_ms;
  };
  EXPECT_EQ(since(1, true, 1000), 1000);
  EXPECT_EQ(since(2, true, 2000), 1000);
  EXPECT_EQ(since(3, false, 3000), 3000);
  EXPECT_EQ(since(4, false, 4000), 3000);
  EXPECT_TRUE(telemetry.paths(k_start)[0].fresh);
  EXPECT_FALSE(telemetry.paths(k_start + seconds(11))[0].fresh);
}

TEST(Telemetry, ShowsADestinationThatSomeAgentLeft) {
  Telemetry telemetry = fresh();
  pb::Report good = report(1);
  add_traffic(good, 1, 1);
  pb::Report bad = report(1);
  add_traffic(bad, 1, 1, "down: path").set_effective_share_ppm(0);
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, good, k_start, 5));
  EXPECT_TRUE(telemetry.failovers(k_start).empty());
  ASSERT_TRUE(telemetry.ingest(k_two, k_us, bad, k_start, 7));
  const auto rows = telemetry.failovers(k_start);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].state.state, "down: path");
  EXPECT_EQ(rows[0].state.since_unix_ms, 7);
  EXPECT_EQ(rows[0].state.effective_share_ppm, 150'000U);
  telemetry.forget(k_two);
  EXPECT_TRUE(telemetry.failovers(k_start).empty());
}

TEST(Telemetry, KeepsTheMomentAFailoverBeganWhileItRamps) {
  Telemetry telemetry = fresh();
  std::uint64_t sequence = 0;
  for (const char* state : {"down: path", "ramping 20 %", "ramping 40 %", "ramping 60 %"}) {
    pb::Report window = report(++sequence);
    add_traffic(window, 1, 1, state);
    const auto unix_ms = static_cast<std::int64_t>(sequence * 1000);
    ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, unix_ms));
  }
  ASSERT_EQ(telemetry.failovers(k_start).size(), 1U);
  EXPECT_EQ(telemetry.failovers(k_start)[0].state.state, "ramping 60 %");
  EXPECT_EQ(telemetry.failovers(k_start)[0].state.since_unix_ms, 2000);
}

TEST(Telemetry, CountsARegionWithoutAgentsAsNoFailover) {
  Telemetry telemetry = fresh();
  pb::Report window = report(1);
  add_traffic(window, 1, 1, "waiting: no agent in the region");
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, 0));
  EXPECT_TRUE(telemetry.failovers(k_start).empty());
}

TEST(Telemetry, RefusesAnOldReportUntilTheAgentStartsAnew) {
  Telemetry telemetry = fresh();
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, report(7), k_start, 0));
  EXPECT_FALSE(telemetry.ingest(k_one, k_us, report(7), k_start, 0));
  EXPECT_FALSE(telemetry.ingest(k_one, k_us, report(1), k_start, 0));
  EXPECT_EQ(telemetry.refused_reports(), 2U);
  telemetry.restarted(k_one);
  EXPECT_TRUE(telemetry.ingest(k_one, k_us, report(1), k_start, 0));
}

pb::Event event(const std::string& type) {
  pb::Event made;
  made.set_type(type);
  made.set_severity("info");
  return made;
}

TEST(Telemetry, OverwritesWhoSentAnEventAndKeepsWhatItIsAbout) {
  Telemetry telemetry = fresh();
  pb::Event told = event("failover.started");
  told.set_agent("eu/agent-9");
  told.set_from_region("eu");
  told.set_region("eu");
  ASSERT_TRUE(telemetry.ingest_event(k_one, k_us, told, k_start, 0));
  ASSERT_TRUE(telemetry.ingest_event(k_one, k_us, event("agent.disk"), k_start, 0));
  const auto events = telemetry.events().list({}, 0);
  EXPECT_EQ(events[0].agent(), "us/agent-1");
  EXPECT_EQ(events[0].from_region(), "us");
  EXPECT_EQ(events[0].region(), "eu") << "the region that was left";
  EXPECT_EQ(events[1].region(), "us") << "about none: the own one";
  told.set_region("mars");
  EXPECT_FALSE(telemetry.ingest_event(k_one, k_us, told, k_start, 0));
}

TEST(Telemetry, BringsTheTimeOfAnEventWithinAnHour) {
  Telemetry telemetry = fresh();
  constexpr std::int64_t now = 1'000'000'000;
  for (const std::int64_t told : {std::int64_t{0}, now - 5000, INT64_MAX}) {
    pb::Event made = event("path.up");
    made.set_unix_ms(told);
    ASSERT_TRUE(telemetry.ingest_event(k_one, k_us, made, k_start, now));
  }
  const auto events = telemetry.events().list({}, 0);
  EXPECT_EQ(events[0].unix_ms(), now - 3'600'000);
  EXPECT_EQ(events[1].unix_ms(), now - 5000);
  EXPECT_EQ(events[2].unix_ms(), now + 3'600'000);
}

TEST(Telemetry, LetsNoAgentFlushTheEventsOfTheOthers) {
  Telemetry telemetry = fresh();
  ASSERT_TRUE(telemetry.ingest_event(k_two, k_us, event("path.down"), k_start, 0));
  for (int i = 0; i < 20'000; ++i) {
    (void)telemetry.ingest_event(k_one, k_us, event("path.up"), k_start + seconds(i / 2000), 0);
  }
  EXPECT_EQ(telemetry.events().list({.service = "", .region = "", .type = "path.down"}, 0).size(),
            1U);
  EXPECT_GT(telemetry.held_back(), 19'000U);
}

TEST(Telemetry, TakesTwoReportsASecondFromEachAgent) {
  Telemetry telemetry = fresh();
  int taken = 0;
  for (int i = 0; i < 2000; ++i) {
    pb::Report window = report(static_cast<std::uint64_t>(i) + 1);
    add_traffic(window, 1, 1);
    taken += telemetry.ingest(k_one, k_us, window, k_start + std::chrono::milliseconds(5 * i), 0)
                 ? 1
                 : 0;
  }
  EXPECT_NEAR(taken, 24, 1) << "four at once and two a second, for ten seconds";
  EXPECT_EQ(telemetry.held_back(), 2000U - static_cast<unsigned>(taken));
  pb::Report other = report(1);
  add_traffic(other, 1, 1);
  EXPECT_TRUE(telemetry.ingest(k_two, k_us, other, k_start + seconds(10), 0));
}

TEST(Telemetry, KeepsABoundedNumberOfWindowsOfOneAgent) {
  TrafficTable table;
  pb::Report window = report(1);
  const pb::Traffic& traffic = add_traffic(window, 1, 1);
  table.add(k_two, k_us, traffic, seconds(1), k_start, 0);
  for (int i = 0; i < 1000; ++i) table.add(k_one, k_us, traffic, seconds(1), k_start, 0);
  EXPECT_EQ(table.sums(k_flow, k_start).started, TrafficTable::k_windows_max + 1);
}

TEST(Telemetry, CountsNothingOfAnAgentThatFellSilent) {
  Telemetry telemetry = fresh();
  pb::Report window = report(1);
  add_traffic(window, 1, 1, "down: path").set_in_flight(7);
  pb::EndpointHealth& health = *window.add_endpoints();
  health.set_service(k_web.value());
  health.set_endpoint("10.0.0.1:80");
  health.set_healthy(true);
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, 0));
  const Time soon = k_start + seconds(9);
  EXPECT_EQ(telemetry.failovers(soon).size(), 1U);
  EXPECT_TRUE(telemetry.flow_state(k_flow, soon));
  EXPECT_EQ(telemetry.sums(k_flow, soon).in_flight, 7U);
  EXPECT_TRUE(telemetry.endpoints(soon).at(0).fresh);

  const Time late = k_start + seconds(11);
  EXPECT_TRUE(telemetry.failovers(late).empty());
  EXPECT_FALSE(telemetry.flow_state(k_flow, late));
  EXPECT_EQ(telemetry.sums(k_flow, late).in_flight, 0U);
  EXPECT_FALSE(telemetry.endpoints(late).at(0).fresh);
}

ServiceSetting two_regions() {
  ServiceSetting setting;
  setting.service = k_web;
  setting.regions = {k_us, k_eu};
  return setting;
}

TEST(Telemetry, ShowsAPolicyDemandPathsAndServers) {
  Telemetry telemetry = fresh();
  pb::Report window = report(1);
  add_traffic(window, 40, 5);
  add_path(window, true);
  for (const bool healthy : {true, false}) {
    pb::EndpointHealth& health = *window.add_endpoints();
    health.set_service(k_web.value());
    health.set_endpoint(healthy ? "10.0.0.1:80" : "10.0.0.2:80");
    health.set_healthy(healthy);
  }
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, 0));
  const auto seen = telemetry.observe(two_regions(), k_start - seconds(1), k_start);
  EXPECT_EQ(seen.offered[0], 40);
  EXPECT_FALSE(known(seen.offered[1]));
  EXPECT_EQ(seen.pairs(0, 1).sent, 40);
  EXPECT_TRUE(seen.paths(0, 1).up);
  EXPECT_TRUE(known(seen.paths(0, 1).rtt_ms));
  EXPECT_EQ(seen.servers[0].ready, 1);
  EXPECT_EQ(seen.servers[0].endpoints, 2);
  EXPECT_FALSE(known(seen.servers[1].ready));
}

TEST(Telemetry, TellsTheServersOfOneService) {
  const ServiceName api("shop/api");
  Telemetry telemetry({.regions = {k_us, k_eu}, .services = {k_web, api}});
  pb::Report window = report(1);
  for (const auto& [service, endpoint] :
       {std::pair(k_web, "10.0.0.1:80"), std::pair(api, "10.0.0.2:80"),
        std::pair(k_web, "10.0.0.3:80")}) {
    pb::EndpointHealth& health = *window.add_endpoints();
    health.set_service(service.value());
    health.set_endpoint(endpoint);
  }
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start, 0));
  const auto web = telemetry.endpoints_of(k_web, k_start);
  ASSERT_EQ(web.size(), 2U);
  EXPECT_EQ(web[1].health.endpoint(), "10.0.0.3:80");
  EXPECT_EQ(telemetry.endpoints_of(api, k_start).size(), 1U);
  EXPECT_TRUE(telemetry.endpoints_of(ServiceName("shop/none"), k_start).empty());
}

TEST(Telemetry, ShowsAPolicyWhomTheWeightsHadChosenOnceAgentsTellIt) {
  Telemetry telemetry = fresh();
  pb::Report silent = report(1);
  add_traffic(silent, 40, 5);
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, silent, k_start, 0));
  EXPECT_FALSE(
      known(telemetry.observe(two_regions(), k_start - seconds(1), k_start).pairs(0, 1).chosen));

  pb::Report telling = report(2);
  pb::Traffic& traffic = add_traffic(telling, 40, 5);
  traffic.set_chosen(55);
  traffic.set_in_flight(30);
  traffic.set_unanswered(7);
  ASSERT_TRUE(telemetry.ingest(k_one, k_us, telling, k_start + seconds(1), 0));
  const auto seen = telemetry.observe(two_regions(), k_start, k_start + seconds(1));
  EXPECT_EQ(seen.pairs(0, 1).chosen, 55);
  EXPECT_EQ(seen.pairs(0, 1).in_flight, 7) << "open relays are no load";

  for (const bool overflow : {true, false}) {
    pb::Report broken = report(3);
    pb::Traffic& impossible = add_traffic(broken, 40, 5);
    if (overflow) impossible.set_overflow(41);
    if (!overflow) impossible.set_unanswered(1);
    EXPECT_FALSE(telemetry.ingest(k_two, k_us, broken, k_start + seconds(2), 0));
  }
}

TEST(Telemetry, ScalesWhatAPolicySeesToItsInterval) {
  Telemetry telemetry = fresh();
  for (int i = 1; i <= 2; ++i) {
    pb::Report window = report(static_cast<std::uint64_t>(i));
    add_traffic(window, 40, 5);
    ASSERT_TRUE(telemetry.ingest(k_one, k_us, window, k_start + seconds(i), 0));
  }
  const auto at = [&](int since, int now) {
    return telemetry.observe(two_regions(), k_start + seconds(since), k_start + seconds(now))
        .pairs(0, 1)
        .sent;
  };
  EXPECT_EQ(at(0, 2), 40) << "two windows of a second are two seconds";
  EXPECT_EQ(at(1, 2), 40);
  EXPECT_EQ(at(2, 4), 40) << "a report that is late: the last one once more";
  EXPECT_EQ(at(4, 5), 0) << "and no longer";
}

}  // namespace
}  // namespace weir::controller
