#include "agent/app/metrics.h"

#include <gtest/gtest.h>

namespace weir::agent {
namespace {

using std::chrono::milliseconds;

const RegionName k_us("us");
const RegionName k_eu("eu");
const ServiceName k_web("shop/web");

/// An agent in us of a mesh with us and eu, one service, and nothing that happened yet.
class AgentPage : public testing::Test {
 protected:
  AgentPage() {
    self.agent = AgentId("us/agent-1");
    self.region = k_us;
    auto service = std::make_shared<ServiceRoutes>();
    service->plan.service = k_web;
    for (const RegionName& region : {k_eu, k_us}) {
      Destination destination;
      destination.region = region;
      service->destinations.push_back(destination);
    }
    service->destinations.front().left = true;
    routes.services.push_back(service);
    PathWindow path;
    path.to = AgentId("eu/agent-1");
    path.to_region = k_eu;
    path.since_start.record(milliseconds(80));
    paths.push_back(path);
    PeerState peer;
    peer.public_key[0] = 7;
    peer.last_handshake = WallTime(std::chrono::seconds(900));
    tunnel_peers.push_back(peer);
    MeshPeer mesh_peer;
    mesh_peer.agent = AgentId("eu/agent-1");
    mesh_peer.public_key = peer.public_key;
    in_force.peers.push_back(mesh_peer);
  }

  std::string page() const {
    MetricWriter writer;
    write_agent_metrics({.self = self,
                         .version = version,
                         .paths = paths,
                         .path_counters = {},
                         .endpoints = {},
                         .totals = totals,
                         .routes = routes,
                         .failovers = failovers,
                         .in_force = &in_force,
                         .tunnel_peers = tunnel_peers,
                         .tunnel_backend = "kernel",
                         .tunnel = {},
                         .wall_now = WallTime(std::chrono::seconds(1000)),
                         .lags = {}},
                        writer);
    return writer.text();
  }
  void expect_line(const std::string& line) const {
    const std::string text = page();
    EXPECT_TRUE(text.contains("\n" + line + "\n")) << line << "\n" << text;
  }

  MeshSelf self;
  std::string version = "1";
  std::vector<PathWindow> paths;
  GatewayTraffic totals;
  RoutingTable routes;
  FailoverNumbers failovers;
  Revision in_force;
  std::vector<PeerState> tunnel_peers;
};

TEST_F(AgentPage, BeginsEverySeriesAtZeroBeforeAnythingHappened) {
  expect_line(
      R"(weir_service_requests_total{from="us",outcome="error",service="shop/web",to="eu"} 0)");
  expect_line(R"(weir_failovers_total{from="us",service="shop/web",to="eu",trigger="servers"} 0)");
  expect_line("weir_failover_detect_seconds_count 0");
  expect_line(R"(weir_service_panic{from="us",service="shop/web"} 0)");
}

TEST_F(AgentPage, TellsOfPathsAndTheirHandshakes) {
  const std::string path = R"(from="us",from_agent="us/agent-1",to="eu",to_agent="eu/agent-1")";
  expect_line("weir_path_rtt_seconds_bucket{" + path + R"(,le="0.1"} 1)");
  expect_line("weir_path_up{" + path + "} 0");
  expect_line(
      R"(weir_mesh_handshake_age_seconds{from_agent="us/agent-1",to_agent="eu/agent-1"} 100)");
}

TEST_F(AgentPage, TellsWhichDestinationsFailedAndWhy) {
  FailoverEvent event;
  event.type = "failover.started";
  event.service = k_web;
  event.region = k_eu;
  event.trigger = FailoverTrigger::servers;
  failovers.on_event(event);
  event.type = "failover.ended";
  failovers.on_event(event);
  expect_line(R"(weir_failovers_total{from="us",service="shop/web",to="eu",trigger="servers"} 1)");
  expect_line(R"(weir_failovers_total{from="us",service="shop/web",to="eu",trigger="path"} 0)");
  expect_line(R"(weir_failover_active{from="us",service="shop/web",to="eu"} 1)");
  expect_line(R"(weir_failover_active{from="us",service="shop/web",to="us"} 0)");
}

TEST_F(AgentPage, MeasuresDetectionOfSilenceOnly) {
  PathEvent event;
  event.at = Time(milliseconds(1000));
  event.silent = milliseconds(200);
  failovers.on_path(event, Time(milliseconds(1002)));
  event.silent = milliseconds(0);  // the peer said that it hears nothing
  failovers.on_path(event, Time(milliseconds(1002)));
  event.up = true;
  failovers.on_path(event, Time(milliseconds(1002)));
  expect_line("weir_failover_detect_seconds_count 1");
  expect_line(R"(weir_failover_detect_seconds_bucket{le="0.25"} 1)");
  expect_line("weir_failover_apply_seconds_count 2");
  expect_line(R"(weir_failover_apply_seconds_bucket{le="0.0025"} 2)");
}

}  // namespace
}  // namespace weir::agent
