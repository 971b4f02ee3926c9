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
  std::uint64_t chosen = 0;
  std::uint64_t overflow = 0;
  std::uint32_t in_flight = 0;  // in the agents' last windows
  double requests_per_second = 0;
  LatencyHistogram latency;
};

/// What became of a flow in one interval: per second, the agents of the source region together.
struct FlowRates {
  std::size_t agents = 0;  // that told; 0: nobody did, and nothing else counts
  double started = 0;
  double ok = 0;
  double errors = 0;
  double timeouts = 0;
  double within_objective = 0;
  double chosen = 0;
  double in_flight = 0;  // unanswered
  LatencyHistogram latency;
};

/// What the agents of the source region do with a destination now, after failover.
struct FlowState {
  std::string state;  // of the agents, the one that is not "active" if any
  std::uint32_t effective_share_ppm = 0;
  std::int64_t since_unix_ms = 0;  // of the state
};

/// Windows and states of traffic, kept 10 s. Plain state; memory is one copy of each report kept,
/// at most `k_windows_max` of one agent.
class TrafficTable {
 public:
  static constexpr std::chrono::seconds k_window{10};
  static constexpr std::chrono::seconds k_late{3};
  static constexpr std::size_t k_windows_max = 24;  // two a second, and what a stall held back

  /// `traffic` has passed `check_report`.
  /// `window`: how long the counts were taken.
  void add(const AgentId& agent, const RegionName& from, const telemetry::v1::Traffic& traffic,
           std::chrono::milliseconds window, Time now, std::int64_t unix_ms);
  /// What the agent told is no longer anybody's.
  void forget(const AgentId& agent);
  void drop_old(Time now);

  FlowSums sums(const FlowKey& key, Time now) const;
  /// Of the windows that came after `since`; an agent of which none came counts once more with its
  /// last one, as long as that is younger than `k_late`.
  FlowRates rates(const FlowKey& key, Time since, Time now) const;
  /// Nothing when no agent has told of it for 10 s.
  std::optional<FlowState> state(const FlowKey& key, Time now) const;
  /// Every flow with a window, in order.
  std::vector<FlowKey> keys() const;

 private:
  struct Window {
    Time at;
    std::chrono::milliseconds length;
    telemetry::v1::Traffic traffic;
  };
  struct OfAgent {
    std::deque<Window> windows;  // by time
    FlowState state;
    std::uint32_t in_flight = 0;
    Time at;  // of both
  };
  struct Flow {
    Time first;
    std::map<AgentId, OfAgent> agents;
  };

  std::map<FlowKey, Flow> flows_;
};

}  // namespace weir::controller
