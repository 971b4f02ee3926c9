#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/base/units.h"

namespace weir {

/// What became of one source's requests at one destination in the window, path included.
struct DestinationResult {
  RegionName to;
  std::uint64_t started = 0;
  std::uint64_t ok = 0;
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t within_objective = 0;
  std::uint32_t in_flight = 0;
  std::chrono::microseconds p50{0};  // 0: nothing ended
  std::chrono::microseconds p99{0};
};

/// The demand of one service in one region.
struct SourceDemand {
  ServiceName service;
  RegionName from;
  double requests_per_second = 0;
  std::vector<DestinationResult> to;
};

/// A path between two regions: the best of their agents' paths.
struct RegionPath {
  RegionName from;
  RegionName to;
  bool up = false;
  std::chrono::microseconds rtt_p50{0};
  Ratio loss;
};

/// How many of a region's servers of a service work.
struct ServiceCapacity {
  ServiceName service;
  RegionName region;
  std::uint32_t endpoints = 0;
  std::uint32_t healthy = 0;
};

/// All a policy may know, at one moment. What nobody reported is absent; a policy works without.
struct Observation {
  Time now;
  std::int64_t unix_ms = 0;
  std::chrono::milliseconds window{0};  // the counts are of this long
  std::vector<RegionName> regions;
  std::vector<SourceDemand> demand;
  std::vector<RegionPath> paths;
  std::vector<ServiceCapacity> capacity;
};

}  // namespace weir
