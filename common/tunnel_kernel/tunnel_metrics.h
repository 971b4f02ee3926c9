#pragma once

#include <string>

#include "common/obs/metrics.h"
#include "common/tunnel/backend.h"

namespace weir {

/// What every member of the mesh says of its tunnel; `backend` as in `weir_tunnel_info`.
void write_tunnel_metrics(const TunnelCounters& tunnel, const std::string& backend,
                          MetricWriter& writer);

}  // namespace weir
