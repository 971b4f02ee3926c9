#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/model/observation.h"
#include "common/model/service.h"

namespace weir::agent {

/// An agent whose ingress leads to a region's servers.
struct Doorway {
  OverlayPeer peer;
  bool up = true;      // the path to it; false: what is in flight through it is lost
  bool serves = true;  // has servers that work, or has not said
  friend bool operator==(const Doorway&, const Doorway&) = default;
};

/// One region that may serve a service, as it is used now.
struct Destination {
  RegionName region;
  bool own = false;
  bool reachable = true;         // false: no path to any of its agents is up
  std::uint32_t configured = 0;  // the weight of the revision, after the guards
  double weight = 0;             // effective: finite, >= 0; shares are weight / sum of weights
  std::vector<Doorway> doors;    // of the own region: its other agents
  std::string state;  // "active", "ramping 40 %", "spilling 50 %", "standby", "down: <reason>"
  bool left = false;  // it failed, and is not back at its whole weight yet
  friend bool operator==(const Destination&, const Destination&) = default;
};

/// Where the requests of one service go.
struct ServiceRoutes {
  ServicePlan plan;
  std::vector<Destination> destinations;  // sorted by region; only what residency permits
  std::vector<double> weights;            // of the destinations, in their order; sum > 0
  /// Requests that may be open and how much rather those without room go there, in the same order
  /// (common/routing/room.h); empty: no limits.
  std::vector<std::uint32_t> limits;
  std::vector<double> overflow;
  bool panic = false;  // nothing works: everything permitted is tried
  friend bool operator==(const ServiceRoutes&, const ServiceRoutes&) = default;
};

/// What the data planes enforce: a value, never changed once shared.
struct RoutingTable {
  std::uint64_t version = 0;                                   // grows with each change
  std::vector<std::shared_ptr<const ServiceRoutes>> services;  // sorted by name

  /// Null when the service is not known. O(log n).
  std::shared_ptr<const ServiceRoutes> find(const ServiceName& service) const;
};

}  // namespace weir::agent
