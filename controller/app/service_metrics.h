#pragma once

#include "controller/app/controller_metrics.h"

namespace weir::controller {

/// Weights, servers, and who steers: the part of `write_controller_metrics` with services in it.
void write_service_metrics(ControlPlane& plane, MetricWriter& writer);

}  // namespace weir::controller
