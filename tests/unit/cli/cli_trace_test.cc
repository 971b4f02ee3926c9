// weirctl paths trace, mesh show.

#include <gtest/gtest.h>

#include <cmath>

#include "cli/trace/path_history.h"
#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;
constexpr const char* k_us = "us-east-1/agent-1";
constexpr const char* k_eu = "eu-west-1/agent-1";

class CliTrace : public CliTest {
 protected:
  CliTrace() {
    add_path(k_us, k_eu, 74'200, true);
    add_path(k_eu, k_us, 73'900, false);
    add_path(k_us, "ap-south-1/agent-1", 190'000, true);
  }
  void add_path(const std::string& from, const std::string& to, std::uint32_t p50_us, bool up) {
    auto& status = *admin_.paths.add_paths();
    status.set_from_agent(from);
    status.set_since_unix_ms(k_noon_ms - 3'600'000);
    status.set_unix_ms(k_noon_ms - 1000);
    auto& path = *status.mutable_path();
    path.set_to_agent(to);
    path.set_up(up);
    path.set_rtt_p50_us(p50_us);
    path.set_rtt_p99_us(p50_us * 2);
    path.set_jitter_us(450);
    path.set_loss_ppm(1000);
    path.set_loss_out_ppm(-1);
    path.set_loss_back_ppm(500);
  }
  /// Two minutes in steps of ten seconds.
  void add_series(const std::string& from, const std::vector<double>& p50,
                  const std::vector<double>& up) {
    auto& reply = admin_.series[from];
    reply.set_step_ms(10'000);
    reply.set_start_unix_ms(k_noon_ms - 120'000);
    for (const auto& [name, values] : {std::pair("p50_ms", p50), std::pair("up", up)}) {
      auto& column = *reply.add_columns();
      column.set_name(name);
      for (const double value : values) column.add_values(value);
    }
  }
};

TEST_F(CliTrace, ShowsBothDirections) {
  const Outcome run = weirctl({"paths", "trace", k_us, k_eu});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out,
            "FROM               TO                 STATE  SINCE       P50     P99   JITTER   LOSS  "
            "LOSS OUT  LOSS BACK\n"
            "us-east-1/agent-1  eu-west-1/agent-1  up     1h ago  74.2 ms  148 ms  0.45 ms  0.10%  "
            "       -      0.05%\n"
            "eu-west-1/agent-1  us-east-1/agent-1  down   1h ago  73.9 ms  148 ms  0.45 ms  0.10%  "
            "       -      0.05%\n");
  EXPECT_EQ(weirctl({"paths", "trace", k_us, "mars/agent-1"}).exit, 8);
  EXPECT_EQ(weirctl({"paths", "trace", k_us, k_eu, "--since", "5m"}).exit, 2) << "of what?";
}

TEST_F(CliTrace, ShowsHowItWas) {
  add_series(k_us, {74, 74, 74, 74, 74, 74, 122, 122, 122, 122, 122, 122},
             {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  for (const char* type : {"path.down", "path.up"}) {
    auto& event = *admin_.events.add_events();
    event.set_type(type);
    event.set_agent(k_us);
    event.set_unix_ms(k_noon_ms - 50'000);
    event.set_message("to eu-west-1/agent-1: no echo");
  }
  admin_.events.mutable_events(1)->set_message("to eu-west-1/agent-10: another path");
  const Outcome run = weirctl({"paths", "trace", k_us, k_eu, "--history", "--since", "2m"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_NE(run.out.find("\nus-east-1/agent-1 -> eu-west-1/agent-1\n"
                         "FROM    UNTIL        UP      P50  P99  JITTER  LOSS\n"
                         "2m ago  1m ago  100.00%  74.0 ms    -       -     -\n"),
            std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("changed  2026-01-01T11:59:00Z  p50 74.0 -> 122.0 ms\n"),
            std::string::npos)
      << run.out;
  EXPECT_NE(
      run.out.find("event    2026-01-01T11:59:10Z  path.down  to eu-west-1/agent-1: no echo\n"),
      std::string::npos)
      << run.out;
  EXPECT_EQ(run.out.find("agent-10"), std::string::npos);
  EXPECT_NE(
      run.out.find("\neu-west-1/agent-1 -> us-east-1/agent-1\nnothing is kept of that time\n"),
      std::string::npos)
      << run.out;
  const std::string json = weirctl({"paths", "trace", k_us, k_eu, "--history", "-o", "jsonl"}).out;
  EXPECT_TRUE(
      json.starts_with("{\"apiVersion\":\"weir.v1\",\"kind\":\"PathTrace\",\"directions\":[{"
                       "\"from\":\"us-east-1/agent-1\",\"to\":\"eu-west-1/agent-1\","
                       "\"now\":{\"fromAgent\":"))
      << json;
  EXPECT_NE(
      json.find("\"changes\":[{\"unixMs\":\"1767268740000\",\"what\":\"p50 74.0 -> 122.0 ms\"}]"),
      std::string::npos)
      << json;
}

constexpr double k_none = std::numeric_limits<double>::quiet_NaN();

PathSeries series_of(std::vector<double> p50, std::vector<double> up) {
  const std::vector<double> none(up.size(), k_none);
  return {.start_unix_ms = 0,
          .step_ms = 1000,
          .p50_ms = std::move(p50),
          .p99_ms = none,
          .jitter_ms = none,
          .loss = none,
          .up = std::move(up)};
}

std::string told(const PathSeries& series) {
  std::string all;
  for (const PathTurn& turn : turns_of(series)) {
    all += (all.empty() ? "" : "; ") + std::to_string(turn.unix_ms / 1000) + " " + turn.what;
  }
  return all;
}

TEST(PathHistory, TellsWhereAPathChanged) {
  const std::vector<double> up(12, 1);
  const auto values = [](int before, double a, double b) {
    std::vector<double> all(12, a);
    std::fill(all.begin() + before, all.end(), b);
    return all;
  };
  EXPECT_EQ(told(series_of(values(12, 50, 50), up)), "");
  EXPECT_EQ(told(series_of(values(4, 50, 80), up)), "4 p50 50.0 -> 80.0 ms");
  EXPECT_EQ(told(series_of(values(6, 50, 60), up)), "") << "a fifth is noise";
  EXPECT_EQ(told(series_of(values(6, 0.5, 1.2), up)), "") << "below a millisecond nothing matters";
  std::vector<double> spike(12, 50);
  spike[6] = 500;
  EXPECT_EQ(told(series_of(spike, up)), "") << "one step is no change";
  EXPECT_EQ(told(series_of(std::vector<double>(12, k_none),
                           {1, 1, 0, 0, 1, 1, k_none, k_none, 1, 1, k_none, 0})),
            "2 down; 4 up; 8 measured again; 11 down");
}

TEST(PathHistory, CutsASeriesIntoParts) {
  const auto spans = spans_of(series_of({1, 3, k_none, k_none, 5}, {1, 0, k_none, k_none, 1}), 2);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].p50_ms, 2);
  EXPECT_EQ(spans[0].up, 0.5);
  EXPECT_EQ(spans[1].p50_ms, 5);
  EXPECT_EQ(spans[1].start_unix_ms, 2000);
  EXPECT_EQ(spans[1].end_unix_ms, 5000);
  EXPECT_EQ(spans[1].p99_ms, std::nullopt);
  EXPECT_TRUE(spans_of(series_of({}, {}), 12).empty());
}

TEST_F(CliTrace, ShowsOneAgentWhole) {
  auto& agent = *admin_.agents.add_agents();
  agent.set_agent(k_us);
  agent.set_region("us-east-1");
  agent.set_cluster("a");
  agent.set_connected(true);
  agent.set_overlay_address("10.90.0.2");
  agent.set_public_key("AAAA=");
  agent.set_version("1.2.3");
  agent.set_acked_epoch(1);
  agent.set_acked_generation(7);
  agent.set_last_seen_unix_ms(k_noon_ms - 1000);
  agent.set_joined_unix_ms(k_noon_ms - 86'400'000);
  agent.set_certificate_expires_unix_ms(k_noon_ms + 86'400'000);
  const Outcome run = weirctl({"mesh", "show", k_us});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out,
            "SETTING          VALUE\n"
            "agent            us-east-1/agent-1\n"
            "region           us-east-1\n"
            "cluster          a\n"
            "session          connected\n"
            "last seen        1s ago\n"
            "joined           1d ago\n"
            "version          1.2.3\n"
            "revision         1.7\n"
            "overlay address  10.90.0.2\n"
            "endpoint         -\n"
            "public key       AAAA=\n"
            "certificate      ends in 1d (2026-01-02T12:00:00Z)\n"
            "\n"
            "PATH                    STATE      P50     P99   JITTER   LOSS  SINCE   MEASURED\n"
            "to eu-west-1/agent-1    up     74.2 ms  148 ms  0.45 ms  0.10%  1h ago  1s ago\n"
            "to ap-south-1/agent-1   up      190 ms  380 ms  0.45 ms  0.10%  1h ago  1s ago\n"
            "from eu-west-1/agent-1  down   73.9 ms  148 ms  0.45 ms  0.10%  1h ago  1s ago\n");
  EXPECT_EQ(weirctl({"mesh", "show", "mars/agent-1"}).exit, 8);
  const std::string json = weirctl({"mesh", "show", k_us, "-o", "jsonl"}).out;
  EXPECT_TRUE(json.starts_with("{\"apiVersion\":\"weir.v1\",\"kind\":\"AgentDetails\",\"agent\":{"))
      << json;
  EXPECT_NE(json.find("\"agent\":\"us-east-1/agent-1\",\"region\":\"us-east-1\""),
            std::string::npos)
      << json;
}

}  // namespace
}  // namespace weir::cli
