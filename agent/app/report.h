#pragma once

#include <cstdint>
#include <vector>

#include "agent/enforce/gateway/traffic.h"
#include "agent/enforce/routing_table.h"
#include "common/model/observation.h"
#include "common/model/revision.h"
#include "weir/telemetry/v1/report.pb.h"

namespace weir::agent {

/// Everything one report is made of: windows of the modules, taken at the same moment.
struct ReportInput {
  std::uint64_t sequence = 0;
  std::int64_t unix_ms = 0;
  std::uint32_t window_ms = 0;
  RevisionId in_force;
  std::uint64_t dropped_reports = 0;
  const std::vector<PathWindow>& paths;
  const std::vector<EndpointState>& endpoints;
  const GatewayTraffic& traffic;
  const RoutingTable& routes;
};

/// The report as the controller gets it. Every destination of the routing table has a row, with
/// counts of 0 where nothing was sent. Pure; O(size of the input).
telemetry::v1::Report make_report(const ReportInput& input);

}  // namespace weir::agent
