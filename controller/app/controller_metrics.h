#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/obs/metrics.h"
#include "common/obs/watchdog.h"
#include "common/tunnel/backend.h"
#include "controller/app/control_plane.h"
#include "controller/app/series_loop.h"
#include "controller/store/metered_store.h"
#include "controller/trace/trace_exporter.h"
#include "controller/web/web_server.h"

namespace weir::controller {

struct ControllerNumbers {
  ControlPlane& plane;
  MeteredStore::Counters store;
  std::string tunnel_backend;
  TunnelCounters tunnel;
  std::optional<WebServer::Counters> web;  ///< nothing: no web door
  SeriesLoop::Counters series = {};
  TraceExporter::Counters traces = {};  ///< all 0: no tracing
  std::vector<Watchdog::Lag> lags;
};

/// Everything the controller counts; docs/metrics.md lists it. `from` and `to` are regions.
/// O(agents + services x regions^2), on the core thread.
void write_controller_metrics(const ControllerNumbers& numbers, MetricWriter& writer);

}  // namespace weir::controller
