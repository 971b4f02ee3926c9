#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/model/histogram.h"
#include "weir/telemetry/v1/report.pb.h"

namespace weir::controller {

/// Requests of one service from one region to another.
struct FlowKey {
  ServiceName service;
  RegionName from;
  RegionName to;
  friend auto operator<=>(const FlowKey&, const FlowKey&) = default;
};

/// The sums over the last 10 s, all agents of the source region together.
struct FlowSums {
  std::uint64_t started = 0;
  std::uint64_t ok = 0;
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t within_objective = 0;
  std::uint32_t in_flight = 0;  // in the agents' last windows
  double requests_per_second = 0;
  LatencyHistogram latency;
};

/// What the agents of the source region do with a destination now, after failover.
struct FlowState {
  std::string state;  // of the agents, the one that is not "active" if any
  std::uint32_t effective_share_ppm = 0;
  std::int64_t since_unix_ms = 0;  // of the state
};

/// Windows of traffic, kept 10 s. Plain state; memory is one copy of each report kept.
class TrafficTable {
 public:
  static constexpr std::chrono::seconds k_window{10};

  /// `traffic` has passed `check_report`.
  void add(const AgentId& agent, const RegionName& from, const telemetry::v1::Traffic& traffic,
           Time now, std::int64_t unix_ms);
  /// The agent's state is no longer anybody's; its windows run out by themselves.
  void forget(const AgentId& agent);
  void drop_old(Time now);

  FlowSums sums(const FlowKey& key, Time now) const;
  std::optional<FlowState> state(const FlowKey& key) const;
  /// Every flow with a window or a state, in order.
  std::vector<FlowKey> keys() const;

 private:
  struct Window {
    Time at;
    AgentId agent;
    telemetry::v1::Traffic traffic;
  };
  struct AgentState {
    FlowState state;
    std::uint32_t in_flight = 0;
  };
  struct Flow {
    Time first;
    std::deque<Window> windows;  // by time
    std::map<AgentId, AgentState> agents;
  };

  std::map<FlowKey, Flow> flows_;
};

}  // namespace weir::controller
