// weirctl paths, services, failover, events.

#include <gtest/gtest.h>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;

class CliPaths : public CliTest {
 protected:
  void add_path(const std::string& from, const std::string& to, std::uint32_t p50_us, bool up) {
    auto& status = *admin_.paths.add_paths();
    status.set_from_agent(from + "/agent-1");
    status.set_from_region(from);
    status.set_since_unix_ms(k_noon_ms - 3'600'000);
    status.set_unix_ms(k_noon_ms - 1000);
    auto& path = *status.mutable_path();
    path.set_to_agent(to + "/agent-1");
    path.set_to_region(to);
    path.set_up(up);
    path.set_rtt_p50_us(p50_us);
    path.set_rtt_p99_us(p50_us * 2);
    path.set_jitter_us(450);
    path.set_loss_ppm(up ? 1000 : 1'000'000);
  }
  void add_three_regions() {
    for (const char* region : {"us-east-1", "eu-west-1", "ap-northeast-1"}) {
      admin_.paths.add_regions(region);
    }
    add_path("us-east-1", "eu-west-1", 74'200, true);
    add_path("eu-west-1", "us-east-1", 73'900, true);
    add_path("us-east-1", "ap-northeast-1", 158'000, false);
    add_path("ap-northeast-1", "us-east-1", 1'200, true);
  }
};

TEST_F(CliPaths, ListsThemTheWorstFirst) {
  add_three_regions();
  const Outcome run = weirctl({"paths", "ls"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(
      run.out,
      "FROM                    TO                      STATE      P50     P99   JITTER     LOSS  "
      "SINCE\n"
      "us-east-1/agent-1       ap-northeast-1/agent-1  down    158 ms  316 ms  0.45 ms  100.00%  "
      "1h ago\n"
      "us-east-1/agent-1       eu-west-1/agent-1       up     74.2 ms  148 ms  0.45 ms    0.10%  "
      "1h ago\n"
      "eu-west-1/agent-1       us-east-1/agent-1       up     73.9 ms  148 ms  0.45 ms    0.10%  "
      "1h ago\n"
      "ap-northeast-1/agent-1  us-east-1/agent-1       up      1.2 ms  2.4 ms  0.45 ms    0.10%  "
      "1h ago\n");
}

TEST_F(CliPaths, ListsThoseThatAreWorseThanALimit) {
  add_three_regions();
  admin_.paths_before = admin_.paths;
  admin_.paths_before->mutable_paths(0)->mutable_path()->set_rtt_p50_us(37'100);
  admin_.paths_before->mutable_paths(1)->mutable_path()->set_rtt_p50_us(36'900);
  const auto names = [this](const std::string& limit) {
    return weirctl({"paths", "ls", "--worse-than", limit, "-o", "name"}).out;
  };
  EXPECT_EQ(names("2x"), "us-east-1/agent-1\neu-west-1/agent-1\n");
  const Outcome doubled = weirctl({"paths", "ls", "--worse-than", "2x"});
  EXPECT_EQ(doubled.err, "compared with 1h ago\n");
  EXPECT_EQ(doubled.out.find("ap-northeast-1/agent-1  us"), std::string::npos) << doubled.out;
  EXPECT_EQ(names("3x"), "us-east-1/agent-1\n") << "what is down is always worse";
  EXPECT_EQ(names("74ms"), "us-east-1/agent-1\n");
  EXPECT_EQ(names("0.05%"), "us-east-1/agent-1\neu-west-1/agent-1\nap-northeast-1/agent-1\n");
  for (const char* wrong : {"2", "x", "-1x", "2xx", "nanms", "infx", "1e400ms"}) {
    EXPECT_EQ(weirctl({"paths", "ls", std::string("--worse-than=") + wrong}).exit, 2) << wrong;
  }
  admin_.paths.clear_paths();
  const Outcome none = weirctl({"paths", "ls", "--worse-than", "1%"});
  EXPECT_EQ(none.exit, 0);
  EXPECT_EQ(none.out + none.err, "No path is worse than that.\n");
}

TEST_F(CliPaths, TellsMomentsWithUtc) {
  add_path("us-east-1", "eu-west-1", 74'200, true);
  EXPECT_NE(weirctl({"paths", "ls", "--utc"}).out.find("  2026-01-01T11:00:00Z\n"),
            std::string::npos);
}

TEST_F(CliPaths, ShowsAMatrixOfRegions) {
  add_three_regions();
  const Outcome run = weirctl({"paths", "matrix"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out,
            "p50 RTT in ms. Row = from, column = to. - no data\n"
            "                us-e  eu-w  ap-ne\n"
            "us-east-1          .    74   down\n"
            "eu-west-1         74     .      -\n"
            "ap-northeast-1   1.2     -      .\n"
            "4 directed paths, 1 down\n");
}

TEST_F(CliPaths, ShowsAnotherMetricOfTheMatrix) {
  add_three_regions();
  const Outcome run = weirctl({"paths", "matrix", "--metric", "loss"});
  EXPECT_NE(run.out.find("us-east-1           .  0.10%   down\n"), std::string::npos) << run.out;
  EXPECT_EQ(weirctl({"paths", "matrix", "--metric", "stretch"}).exit, 2);
}

TEST_F(CliPaths, RedrawsOnATerminalWhenWatching) {
  add_three_regions();
  out_is_tty_ = true;
  const Outcome run = weirctl({"paths", "matrix", "-w", "--no-color"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_TRUE(run.out.starts_with("\x1b[H\x1b[Jp50 RTT"));
}

TEST_F(CliPaths, PingsOnePathNow) {
  admin_.ping.set_sent(3);
  for (const std::uint32_t rtt : {74'100U, 73'900U}) admin_.ping.add_rtt_us(rtt);
  const Outcome run = weirctl({"paths", "ping", "us-east-1/agent-1", "eu-west-1/agent-1"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out,
            "us-east-1/agent-1 -> eu-west-1/agent-1  1  74.1 ms\n"
            "us-east-1/agent-1 -> eu-west-1/agent-1  2  73.9 ms\n"
            "3 sent, 2 answered, min 73.9 ms, median 74.1 ms, max 74.1 ms\n");
  admin_.ping.clear_rtt_us();
  EXPECT_EQ(weirctl({"paths", "ping", "a", "b"}).exit, 1) << "nothing answered";
}

TEST_F(CliPaths, ListsServicesByRegionAndByEndpoint) {
  auto& service = *admin_.services.add_services();
  service.set_service("shop/web");
  service.set_protocol(policy::v1::PROTOCOL_HTTP);
  service.set_listen_port(8080);
  service.set_objective_ms(400);
  auto& region = *service.add_regions();
  region.set_region("us-east-1");
  region.set_endpoints_total(2);
  region.set_endpoints_healthy(1);
  region.set_requests_per_second(102.4);
  auto& endpoint = *region.add_endpoints();
  endpoint.set_endpoint("10.1.0.11:8080");
  endpoint.set_reason("connection refused");
  endpoint.set_since_unix_ms(k_noon_ms - 3000);
  EXPECT_EQ(weirctl({"services", "ls"}).out,
            "SERVICE   PROTOCOL  PORT  OBJECTIVE  REGION     HEALTHY   RATE\n"
            "shop/web  http      8080     400 ms  us-east-1      1/2  102/s\n");
  EXPECT_EQ(weirctl({"services", "ls", "-o", "wide"}).out,
            "SERVICE   REGION     ENDPOINT        STATE  SINCE   IN FLIGHT  REASON\n"
            "shop/web  us-east-1  10.1.0.11:8080  down   3s ago          0  connection refused\n");
}

TEST_F(CliPaths, ListsFailovers) {
  auto& failover = *admin_.failovers.add_failovers();
  failover.set_service("shop/web");
  failover.set_from_region("us-east-1");
  failover.set_to_region("eu-west-1");
  failover.set_state("down: path");
  failover.set_since_unix_ms(k_noon_ms - 5000);
  EXPECT_EQ(weirctl({"failover", "ls"}).out,
            "SERVICE   FROM       AWAY FROM  SINCE   STATE\n"
            "shop/web  us-east-1  eu-west-1  5s ago  down: path\n");
  admin_.failovers.clear_failovers();
  EXPECT_EQ(weirctl({"failover", "ls"}).err, "No failover is active.\n");
}

TEST_F(CliPaths, ListsEvacuationsBesideFailovers) {
  auto& evacuation = *admin_.failovers.add_evacuations();
  evacuation.set_region("eu-west-1");
  evacuation.add_services("shop/web");
  evacuation.set_sources(3);
  evacuation.set_by("ann");
  evacuation.set_since_unix_ms(k_noon_ms - 60'000);
  EXPECT_EQ(weirctl({"failover", "ls"}).out,
            "\n"
            "EMPTIED    SERVICES  SOURCES  BY   SINCE   ENDS\n"
            "eu-west-1  shop/web        3  ann  1m ago  when cancelled\n"
            "\n"
            "undo: weirctl failover cancel REGION\n");
  evacuation.add_services("shop/api");
  evacuation.set_until_unix_ms(k_noon_ms + 600'000);
  const std::string out = weirctl({"failover", "ls"}).out;
  EXPECT_NE(out.find("2 services"), std::string::npos) << out;
  EXPECT_NE(out.find("in 10m"), std::string::npos) << out;
}

TEST_F(CliPaths, SaysWhetherARegionIsEmptied) {
  auto& move = *admin_.evacuation.add_moves();
  move.set_service("shop/web");
  move.set_from_region("us-east-1");
  auto& left = *move.add_after();
  left.set_region("eu-west-1");
  admin_.evacuation.set_epoch(1);
  admin_.evacuation.set_generation(14);
  const std::vector<std::string> drill = {"failover", "drill",     "shop/web",
                                          "--drop",   "eu-west-1", "-y"};
  EXPECT_EQ(weirctl(drill).out,
            "eu-west-1 is emptied: revision 1.14\n"
            "undo: weirctl failover cancel eu-west-1\n");
  left.set_weight(50);
  move.add_guards("largest step: held");
  EXPECT_EQ(weirctl(drill).out,
            "eu-west-1 keeps some requests, guards hold 1 of 1 moves: revision 1.14\n"
            "what is left: weirctl weights get\n"
            "undo: weirctl failover cancel eu-west-1\n");
}

TEST_F(CliPaths, PrintsEventsAsLines) {
  auto& event = *admin_.events.add_events();
  event.set_unix_ms(k_noon_ms);
  event.set_type("path.down");
  event.set_severity("warn");
  event.set_region("us-east-1");
  event.set_agent("us-east-1/agent-1");
  event.set_message("to eu-west-1/agent-1\n\x1b[2J");
  const std::string line =
      "2026-01-01T12:00:00Z  warn   path.down             us-east-1/agent-1  to "
      "eu-west-1/agent-1\\x0a\\x1b[2J\n";
  EXPECT_EQ(weirctl({"events", "--type", "path.down"}).out, line);
  ASSERT_TRUE(admin_.events_asked);
  EXPECT_EQ(admin_.events_asked->type(), "path.down");
  EXPECT_EQ(admin_.events_asked->limit(), 50U);
  EXPECT_EQ(weirctl({"events", "-w"}).out, line);
  event.set_region("eu-west-1");
  event.set_from_region("us-east-1");
  const std::string away = weirctl({"events"}).out;
  EXPECT_NE(away.find("  us-east-1/agent-1 -> eu-west-1  to "), std::string::npos) << away;
  const Outcome json = weirctl({"events", "-w", "-o", "json"});
  EXPECT_TRUE(json.out.starts_with("{\"apiVersion\":\"weir.v1\",\"kind\":\"Event\",\"unixMs\":"))
      << json.out;
}

}  // namespace
}  // namespace weir::cli
