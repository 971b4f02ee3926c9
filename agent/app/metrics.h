#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/enforce/failover_machine.h"
#include "agent/enforce/gateway/traffic.h"
#include "agent/enforce/routing_table.h"
#include "agent/paths/path_service.h"
#include "common/base/time.h"
#include "common/model/observation.h"
#include "common/model/revision.h"
#include "common/obs/metrics.h"
#include "common/obs/watchdog.h"
#include "common/tunnel/backend.h"

namespace weir::agent {

/// Adds what one collection of the gateway says to `totals`; what is of now replaces what was.
void add_up(const GatewayTraffic& window, GatewayTraffic& totals);

/// Failovers since the start.
struct FailoverNumbers {
  using Left = std::array<std::uint64_t, std::size(k_failover_triggers)>;  // by trigger
  std::map<std::pair<ServiceName, RegionName>, Left> left;
  LatencyHistogram detect;
  LatencyHistogram apply;

  void on_event(const FailoverEvent& event);
  /// `applied`: when the routing table that knows of it was there.
  void on_path(const PathEvent& event, Time applied);
};

struct AgentNumbers {
  const MeshSelf& self;
  const std::string& version;
  std::vector<PathWindow> paths;
  PathService::Counters path_counters;
  std::vector<EndpointState> endpoints;
  const GatewayTraffic& totals;
  const RoutingTable& routes;
  const FailoverNumbers& failovers;
  std::size_t listeners_missing = 0;
  const Revision* in_force = nullptr;  // nullptr: none yet
  bool connected = false;
  std::uint64_t dropped_reports = 0;
  std::int64_t certificate_expires_unix_ms = 0;
  const std::vector<PeerState>& tunnel_peers;
  std::string tunnel_backend;
  TunnelCounters tunnel;
  WallTime wall_now;
  std::vector<Watchdog::Lag> lags;
};

/// Everything the agent counts; docs/metrics.md lists it. `from` and `to` are regions.
void write_agent_metrics(const AgentNumbers& numbers, MetricWriter& writer);

}  // namespace weir::agent
