#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/model/grid.h"

namespace weir {

/// What is known of one service, and what a policy wants for it, as plain tables over the mesh's
/// regions: region number i is source i and destination i everywhere. Times are milliseconds since
/// a start of the caller's, rates per second, shares 0 to 1. What nobody knows is `k_unknown`.
/// The same fields, under the same names, as the policy step protocol (docs/policy-step.md).

inline constexpr double k_unknown = std::numeric_limits<double>::quiet_NaN();
inline bool known(double value) { return !std::isnan(value); }

/// What a service is steered for, always within its guards.
enum class Goal {
  goodput,  // most requests answered well within the objective
  latency,  // least mean latency
  tail,     // least p99
  cost,     // cheapest that keeps a share of the requests within the objective
};

/// How one region could serve the service; `endpoints` 0: it does not.
struct ServedIn {
  double endpoints = 0;
  double declared_rps = k_unknown;  // what the operator says all of them carry together
  double concurrency = k_unknown;   // requests one endpoint works on at a time
};

/// What does not change while a policy lives.
struct ServiceSetting {
  ServiceName service;
  std::vector<RegionName> regions;
  double interval_ms = 1000;  // between two observations
  double slo_ms = 250;        // the objective
  Goal goal = Goal::goodput;
  double keep_in_slo = 0.99;  // share of the requests the cost goal keeps within the objective
  double kb_per_request = 0;
  bool may_shed = false;

  Grid<double> rtt_ms;       // before anybody measured; may be unknown
  Grid<double> cost_per_gb;  // 0 inside a region
  std::vector<ServedIn> served_in;
  Grid<char> allowed;  // 1: residency permits it and the region serves it; each row has a 1
  Grid<double> static_weights;  // 0 to 10000

  double min_share = 0.01;
  double max_step = 1.0;                 // of one share in one interval
  double max_cost_per_hour = k_unknown;  // unknown: no limit

  std::size_t size() const { return regions.size(); }
};

/// What became of one source's requests at one destination. Counts are of requests that ended in
/// the interval, `sent` of those that started in it; latency is what the source saw, path included.
struct PairSeen {
  double sent = 0;
  double ok = 0;
  double errors = 0;
  double timeouts = 0;
  double in_slo = 0;
  double shed = 0;
  double latency_mean_ms = k_unknown;
  double latency_p50_ms = k_unknown;
  double latency_p90_ms = k_unknown;
  double latency_p99_ms = k_unknown;
  double in_flight = k_unknown;
  /// Of the requests that started in the interval, those the weights had chosen this destination
  /// for: without retries and what came because another one was full, with what went elsewhere
  /// because this one was.
  double chosen = k_unknown;

  double ended() const { return ok + errors + timeouts; }
};

/// What a destination's servers say of themselves: missing, late, or untrue.
struct ServersSeen {
  double ready = k_unknown;
  double endpoints = k_unknown;
  double utilization = k_unknown;  // mean share of their workers that were busy
  double in_flight = k_unknown;
  double queue = k_unknown;
};

struct PathSeen {
  double rtt_ms = k_unknown;
  double loss = k_unknown;
  bool up = true;
};

/// One service in one interval, after it has passed. The tables have the setting's size; a source
/// or destination that did not report has `offered`, or its fields, unknown.
struct ServiceObservation {
  double t_ms = 0;
  std::vector<double> offered;  // requests per second that wanted an answer, by source
  Grid<PairSeen> pairs;
  std::vector<ServersSeen> servers;
  Grid<PathSeen> paths;
  /// Shares in force at the end of the interval, where others than the policy may set them (guards,
  /// people); empty: as the policy wished.
  Grid<double> in_force = {};
  /// By source, 1: its shares stay those in force whatever the policy wishes. Empty: none.
  std::vector<char> held = {};

  /// All unknown, for `n` regions.
  static ServiceObservation blank(std::size_t n) {
    return {.t_ms = 0,
            .offered = std::vector<double>(n, k_unknown),
            .pairs = Grid<PairSeen>(n, n),
            .servers = std::vector<ServersSeen>(n),
            .paths = Grid<PathSeen>(n, n)};
  }
};

/// One term of an explanation: it moved the share of a pair by `delta`.
struct Why {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string term;  // a stable word: "overload", "path", "probe", "nearby"
  double delta = 0;
  std::string note;  // for people: "p99 310 ms, 7 of 8 ready"
  friend bool operator==(const Why&, const Why&) = default;
};

/// What a policy wants from now on.
struct ServiceWish {
  Grid<double> shares;       // each row: not negative, any scale, 0 where not allowed
  std::vector<double> shed;  // share of each source's requests to refuse at once; 0 unless may_shed
  std::vector<Why> why;      // the weightiest first
  /// What the policy expects of these shares, by pair: P(answered within the objective). Empty when
  /// it has no model. Held against what then happens.
  Grid<double> expected_in_slo;
  /// Requests a source may have open at a destination before the next ones go where there is room
  /// (common/routing/room.h); 0: no limit, and no room for others' requests. Empty: no limits.
  Grid<double> in_flight_limits = {};
  /// How much rather the requests without room go here than elsewhere, for the same room; of any
  /// scale. Empty: all the same.
  Grid<double> overflow_weights = {};
};

/// Steers one service. Pure: what it answers depends on its setting, its seed, its checkpoint and
/// what it was shown, in order. Time comes with the observation. A wish is not yet safe: the
/// guards (`common/routing/safe_set.h`) come after.
class ServicePolicy {
 public:
  virtual ~ServicePolicy() = default;

  virtual std::string_view name() const = 0;

  /// Called once an interval; also with whole reports missing, late or nonsensical. Never fails.
  virtual ServiceWish observe(const ServiceObservation& seen) = 0;
};

}  // namespace weir
