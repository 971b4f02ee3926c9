#pragma once

#include <span>
#include <string>

#include "common/obs/metrics.h"
#include "common/obs/watchdog.h"

namespace weir {

/// weir_build_info; `component` is "agent" or "controller".
void write_build(const std::string& component, const std::string& version, MetricWriter& writer);

/// The lag of each loop that a watchdog asks.
void write_loops(std::span<const Watchdog::Lag> lags, MetricWriter& writer);

/// What the kernel tells of this process, under the names every Prometheus client uses: process_*.
/// What cannot be read is left out. Reads a few files of /proc: some 50 us, more with many
/// descriptors.
void write_process(MetricWriter& writer);

}  // namespace weir
