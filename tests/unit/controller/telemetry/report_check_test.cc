#include "controller/telemetry/report_check.h"

#include <gtest/gtest.h>

#include <functional>

namespace weir::controller {
namespace {

namespace pb = telemetry::v1;

const AgentId k_agent("us/agent-1");

MeshNames names() {
  return {.regions = {RegionName("us"), RegionName("eu")}, .services = {ServiceName("shop/web")}};
}

pb::Report good() {
  pb::Report report;
  report.set_sequence(1);
  report.set_window_ms(1000);
  pb::Path& path = *report.add_paths();
  path.set_to_agent("eu/agent-1");
  path.set_to_region("eu");
  path.set_rtt_min_us(1);
  path.set_rtt_p50_us(2);
  path.set_rtt_p95_us(2);
  path.set_rtt_p99_us(3);
  path.set_loss_out_ppm(-1);
  path.set_loss_back_ppm(-1);
  pb::EndpointHealth& health = *report.add_endpoints();
  health.set_service("shop/web");
  health.set_endpoint("10.1.0.11:8080");
  pb::Traffic& traffic = *report.add_traffic();
  traffic.set_service("shop/web");
  traffic.set_to_region("eu");
  traffic.set_started(5);
  traffic.set_ok(4);
  traffic.add_bucket_index(10);
  traffic.add_bucket_count(4);
  return report;
}

struct Break {
  const char* name;
  std::function<void(pb::Report&)> apply;
  const char* complaint;
};
class Report : public testing::TestWithParam<Break> {};

TEST_P(Report, IsRefusedWholeWithTheRule) {
  pb::Report report = good();
  ASSERT_TRUE(check_report(report, k_agent, names()));
  GetParam().apply(report);
  const Status checked = check_report(report, k_agent, names());
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message().find(GetParam().complaint), std::string::npos)
      << checked.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, Report,
    testing::Values(
        Break{"NoWindow", [](auto& r) { r.set_window_ms(0); }, "window of 0 ms"},
        Break{"LongWindow", [](auto& r) { r.set_window_ms(60001); }, "1 to 60000"},
        Break{"UnknownRegion", [](auto& r) { r.mutable_paths(0)->set_to_region("ma\x1brs"); },
              "\"ma\\x1brs\" is none of this mesh"},
        Break{"PathToItself", [](auto& r) { r.mutable_paths(0)->set_to_agent("us/agent-1"); },
              "no other agent"},
        Break{"PathTwice", [](auto& r) { *r.add_paths() = r.paths(0); }, "told twice"},
        Break{"QuantilesOutOfOrder", [](auto& r) { r.mutable_paths(0)->set_rtt_p50_us(9); },
              "not in order"},
        Break{"LossAboveAll", [](auto& r) { r.mutable_paths(0)->set_loss_ppm(1'000'001); },
              "1000000 ppm"},
        Break{"LossBelowUnknown", [](auto& r) { r.mutable_paths(0)->set_loss_out_ppm(-2); },
              "1000000 ppm"},
        Break{"UnknownService", [](auto& r) { r.mutable_endpoints(0)->set_service("shop/x"); },
              "is not configured"},
        Break{"BadEndpoint", [](auto& r) { r.mutable_endpoints(0)->set_endpoint("here"); },
              "no ADDRESS:PORT"},
        Break{"EndpointTwice", [](auto& r) { *r.add_endpoints() = r.endpoints(0); }, "twice"},
        Break{"TrafficTwice", [](auto& r) { *r.add_traffic() = r.traffic(0); }, "told twice"},
        Break{"ImpossibleCount", [](auto& r) { r.mutable_traffic(0)->set_started(UINT64_MAX); },
              "requests in one window"},
        Break{"BetterThanAnswered", [](auto& r) { r.mutable_traffic(0)->set_within_objective(5); },
              "more within the objective"},
        Break{"ShareAboveAll",
              [](auto& r) { r.mutable_traffic(0)->set_effective_share_ppm(2'000'000); },
              "out of range"},
        Break{"BucketBeyondTheLast",
              [](auto& r) { r.mutable_traffic(0)->set_bucket_index(0, 528); }, "latency bucket"},
        Break{"BucketsOutOfOrder",
              [](auto& r) {
                r.mutable_traffic(0)->add_bucket_index(10);
                r.mutable_traffic(0)->add_bucket_count(1);
              },
              "latency bucket 10"},
        Break{"IndexWithoutCount", [](auto& r) { r.mutable_traffic(0)->add_bucket_index(11); },
              "2 indexes for 1 counts"},
        Break{"EndlessReason",
              [](auto& r) { r.mutable_endpoints(0)->set_reason(std::string(501, 'x')); },
              "limit is 500"}),
    [](const auto& row) { return row.param.name; });

TEST(EventCheck, KnowsOnlyTheMeshsNames) {
  pb::Event event;
  for (const char* type : {"gateway.listener_failed", "gateway.listeners_open", "path.down"}) {
    event.set_type(type);
    event.set_severity("warn");
    event.set_service("shop/web");
    EXPECT_TRUE(check_event(event, names())) << type;
  }
  event.set_severity("fatal");
  EXPECT_FALSE(check_event(event, names()));
  event.set_severity("info");
  for (const char* type : {"path down", "pin.set", "agent.removed", "weights.changed", ""}) {
    event.set_type(type);
    EXPECT_FALSE(check_event(event, names())) << type << " is not an agent's to tell";
  }
  event.set_type("path.down");
  event.set_service("shop/none");
  EXPECT_FALSE(check_event(event, names()));
}

}  // namespace
}  // namespace weir::controller
