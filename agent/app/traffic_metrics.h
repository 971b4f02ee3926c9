#pragma once

#include "agent/app/metrics.h"

namespace weir::agent {

/// What became of requests, and where they may go: the part of `write_agent_metrics` with services
/// in it.
void write_traffic_metrics(const AgentNumbers& numbers, MetricWriter& writer);

}  // namespace weir::agent
