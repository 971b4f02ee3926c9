#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/units.h"
#include "common/model/service.h"
#include "common/model/service_policy.h"

namespace weir {

/// The weights a service has when nobody knows better.
struct StaticWeights {
  struct Pair {
    RegionName from;
    RegionName to;
    std::uint32_t weight = k_weight_neutral;
    friend bool operator==(const Pair&, const Pair&) = default;
  };
  std::uint32_t nearby = k_weight_nearby;  // of the source's own region
  std::uint32_t other = k_weight_neutral;  // of every other region
  std::vector<Pair> pairs;                 // before both of the above

  /// What the rules give one pair of regions. O(pairs).
  std::uint32_t of(const RegionName& from, const RegionName& to) const {
    for (const Pair& pair : pairs) {
      if (pair.from == from && pair.to == to) return pair.weight;
    }
    return from == to ? nearby : other;
  }

  friend bool operator==(const StaticWeights&, const StaticWeights&) = default;
};

/// What becomes of a policy's wishes.
enum class PolicyMode {
  configured,  // "static": the configured weights hold, no policy runs
  shadow,      // it runs and is shown, the configured weights hold
  assist,      // a wish becomes weights when somebody confirms it
  automatic,   // "auto": wishes become weights, through the guards
};

/// How a service is steered.
struct PolicyConfig {
  PolicyMode mode = PolicyMode::configured;
  std::string name = "learned";
  Goal goal = Goal::goodput;
  double keep_in_slo = 0.99;  // of the cost goal, as in ServiceSetting
  double kb_per_request = 0;
  std::chrono::seconds ttl{900};  // of its wishes at agents without a controller; 0: for ever
  bool in_flight_limits = true;   // whether its limits on requests in flight count in mode auto
  std::map<RegionName, double> capacity_rps;  // of all its servers there, where somebody knows
  friend bool operator==(const PolicyConfig&, const PolicyConfig&) = default;
};

/// One service as the operator configured it, for all regions.
struct ServiceConfig {
  /// Everything that is the same for each source region; `weights`, `guards.residency` and
  /// `failover.tiers` in it are empty.
  ServicePlan plan;
  StaticWeights weights;
  PolicyConfig policy;
  /// What its requests may cost on the paths between regions. Held by the controller, which alone
  /// sees all sources.
  std::optional<double> max_cost_per_hour;
  std::map<RegionName, std::vector<RegionName>> residency;           // by source; absent: any
  std::map<RegionName, std::vector<std::vector<RegionName>>> tiers;  // by source; absent: one tier
  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;

  /// The guards for requests that start in `from`.
  GuardSpec guards_for(const RegionName& from) const {
    GuardSpec guards = plan.guards;
    if (const auto found = residency.find(from); found != residency.end()) {
      guards.residency = found->second;
    }
    return guards;
  }
};

}  // namespace weir
