#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/model/revision.h"
#include "common/model/service_policy.h"
#include "controller/telemetry/event_log.h"
#include "controller/telemetry/rate_limit.h"
#include "controller/telemetry/report_check.h"
#include "controller/telemetry/traffic_table.h"

namespace weir::controller {

/// One measured path as it is known now.
struct PathRow {
  AgentId from;
  RegionName from_region;
  telemetry::v1::Path path;
  std::int64_t unix_ms = 0;        // of the report
  std::int64_t since_unix_ms = 0;  // of the present up or down
  bool fresh = false;              // the report is younger than 10 s
};

/// One server as its agent sees it.
struct EndpointRow {
  AgentId agent;
  RegionName region;
  telemetry::v1::EndpointHealth health;
  bool fresh = false;  // the report is younger than 10 s
};

/// One destination that some agent does not use as its weight says.
struct FailoverRow {
  FlowKey flow;
  FlowState state;
};

/// Everything agents reported, as far as it still counts: last windows, sums over 10 s, states.
///
/// Plain state on the core thread: no clock, no I/O. An agent speaks of its own region as source
/// only, by construction: the caller says who it is, from the certificate.
class Telemetry {
 public:
  explicit Telemetry(MeshNames names) : names_(std::move(names)) {}

  /// Takes a report, or refuses the whole of it. O(size of the report).
  /// Errors: resource_exhausted (more than two a second; a report held back meanwhile is made up
  /// for by a newer one), as check_report; invalid_argument when it is older than the last.
  Status ingest(const AgentId& agent, const RegionName& region, const telemetry::v1::Report& report,
                Time now, std::int64_t unix_ms);

  /// An event from an agent; who sent it is overwritten with who it is, and its time is brought
  /// within an hour of `unix_ms`. Errors: resource_exhausted (more than 10 a second in the long
  /// run), as check_event.
  Status ingest_event(const AgentId& agent, const RegionName& region, telemetry::v1::Event event,
                      Time now, std::int64_t unix_ms);

  /// An agent started anew: its sequence begins again.
  void restarted(const AgentId& agent);
  /// The agent has left the mesh.
  void forget(const AgentId& agent);

  std::vector<PathRow> paths(Time now) const;
  std::vector<EndpointRow> endpoints(Time now) const;
  /// Those of one service. O(agents x log(endpoints) + the answer).
  std::vector<EndpointRow> endpoints_of(const ServiceName& service, Time now) const;
  /// As told within the last 10 s.
  std::vector<FailoverRow> failovers(Time now) const;
  /// Every flow with a window in the last 10 s, in order.
  std::vector<FlowKey> flows() const { return traffic_.keys(); }
  FlowSums sums(const FlowKey& key, Time now) const { return traffic_.sums(key, now); }
  /// Of the reports that came after `since`.
  FlowRates rates(const FlowKey& key, Time since, Time now) const {
    return traffic_.rates(key, since, now);
  }
  std::optional<FlowState> flow_state(const FlowKey& key, Time now) const {
    return traffic_.state(key, now);
  }
  /// The revision an agent said is in force; {0, 0}: nothing reported.
  RevisionId in_force(const AgentId& agent) const;
  /// Since the agent's last report; nothing: there was none.
  std::optional<Duration> report_age(const AgentId& agent, Time now) const;
  /// The time in the agent's newest report against ours when it came; nothing: there was none.
  std::optional<std::int64_t> clock_ahead_ms(const AgentId& agent) const;
  std::uint64_t refused_reports() const { return refused_; }
  /// Reports and events beyond their rate.
  std::uint64_t held_back() const { return held_back_; }

  /// What a policy may know now of one service: the requests of the reports that came after
  /// `since`, scaled to the setting's interval; servers and paths as they are. O(regions^2 +
  /// reports).
  ServiceObservation observe(const ServiceSetting& setting, Time since, Time now) const;

  EventLog& events() { return events_; }
  const EventLog& events() const { return events_; }
  const MeshNames& names() const { return names_; }

 private:
  struct PathState {
    telemetry::v1::Path path;
    std::int64_t since_unix_ms = 0;
  };
  struct Rates {  // of one agent
    RateLimit reports{2, 4};
    RateLimit events{10, 500};
  };
  struct AgentReport {
    RegionName region;
    std::uint64_t sequence = 0;
    Time at;
    std::int64_t unix_ms = 0;
    std::int64_t clock_ahead_ms = 0;
    RevisionId in_force;
    std::map<std::string, PathState> paths;                // by the other agent
    std::vector<telemetry::v1::EndpointHealth> endpoints;  // sorted by service, endpoint
  };

  static void take_paths(AgentReport& known, const telemetry::v1::Report& report,
                         std::int64_t unix_ms);

  const MeshNames names_;
  std::map<AgentId, AgentReport> agents_;
  std::map<AgentId, Rates> rates_;
  TrafficTable traffic_;
  EventLog events_;
  std::uint64_t refused_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace weir::controller
