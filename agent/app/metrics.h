#pragma once

#include <cstdint>
#include <vector>

#include "agent/enforce/gateway/traffic.h"
#include "agent/paths/path_service.h"
#include "common/model/observation.h"
#include "common/model/revision.h"
#include "common/obs/metrics.h"
#include "common/obs/watchdog.h"

namespace weir::agent {

/// Adds what one collection of the gateway says to `totals`; what is of now replaces what was.
void add_up(const GatewayTraffic& window, GatewayTraffic& totals);

struct AgentNumbers {
  std::vector<PathWindow> paths;
  PathService::Counters path_counters;
  std::vector<EndpointState> endpoints;
  const GatewayTraffic& totals;
  std::size_t listeners_missing = 0;
  RevisionId in_force;
  bool connected = false;
  std::uint64_t dropped_reports = 0;
  std::int64_t certificate_expires_unix_ms = 0;
  std::vector<Watchdog::Lag> lags;
};

/// All of them under weir_agent_*.
void write_agent_metrics(const AgentNumbers& numbers, MetricWriter& writer);

}  // namespace weir::agent
