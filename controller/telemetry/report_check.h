#pragma once

#include <set>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "weir/telemetry/v1/report.pb.h"

namespace weir::controller {

/// What the mesh knows: names outside of it in a report are somebody's mistake or worse.
struct MeshNames {
  std::set<RegionName> regions;
  std::set<ServiceName> services;
};

/// Whether a report from `agent` can be believed enough to be counted. A report is hostile input:
/// names must be known, counts possible, lists within limits, nothing told twice. O(size).
/// Errors: invalid_argument (what, the value, the rule), resource_exhausted (a list too long).
Status check_report(const telemetry::v1::Report& report, const AgentId& agent,
                    const MeshNames& names);

/// The same for an event an agent sends. Its type must be one an agent can know of: what operators
/// and the controller itself do is told by the controller alone.
Status check_event(const telemetry::v1::Event& event, const MeshNames& names);

}  // namespace weir::controller
