#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/base/units.h"
#include "common/model/rtt_histogram.h"
#include "common/net/ip.h"

namespace weir {

/// A path to another agent went up or down, as the failure detector saw it.
struct PathEvent {
  AgentId to;
  RegionName to_region;
  bool up = false;
  std::string reason;  // "3 hellos missed, 4 echoes unanswered"
  Duration silent{0};  // of a path that went down in silence: since the last packet heard
  Time at{};           // when the detector saw it
};

/// Another agent on the mesh, for the modules that talk to it over the overlay.
struct OverlayPeer {
  AgentId agent;
  RegionName region;
  IpAddress overlay;
  friend bool operator==(const OverlayPeer&, const OverlayPeer&) = default;
};

/// What STAMP measured on one path in one window.
struct PathWindow {
  AgentId to;
  RegionName to_region;
  bool up = false;
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  std::chrono::microseconds rtt_min{0};
  std::chrono::microseconds rtt_p50{0};
  std::chrono::microseconds rtt_p95{0};
  std::chrono::microseconds rtt_p99{0};
  std::chrono::microseconds jitter{0};
  Ratio loss;
  // One-way loss, below 0 when not known.
  double loss_out = -1;
  double loss_back = -1;
  // Probes in packets as large as the interface takes: their size (0: none was sent), and how many
  // of the newest in a row were lost while small ones were answered.
  std::uint32_t full_size_bytes = 0;
  std::uint32_t full_size_lost = 0;
  RttHistogram since_start;  // of every answer, since the path is measured
};

/// One server of this cluster, and whether it works.
struct EndpointState {
  ServiceName service;
  Endpoint endpoint;
  bool healthy = false;
  std::string reason;  // of the present state, for people
  std::int64_t since_unix_ms = 0;
};

/// What share of a region's servers of a service works, as the agent there says.
struct RegionHealth {
  ServiceName service;
  RegionName region;
  AgentId agent;  // who says so
  Ratio healthy_share;
  std::uint32_t endpoints = 0;
};

}  // namespace weir
