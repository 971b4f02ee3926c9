#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/enforce/destination_machine.h"
#include "agent/enforce/routing_table.h"
#include "agent/enforce/tiers.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/model/observation.h"
#include "common/model/revision.h"
#include "common/routing/safe_set.h"

namespace weir::agent {

/// Something an operator wants to know; `type` is stable: "failover.started", "failover.ramping",
/// "failover.ended", "failover.panic", "failover.panic_ended", "agent.isolated", "agent.rejoined",
/// "weights.faded", "weights.back".
struct FailoverEvent {
  std::string type;
  std::string severity;  // "info", "warn", "error"
  RegionName region;     // empty where it does not apply, as `service`
  ServiceName service;
  std::string message;
  FailoverTrigger trigger = FailoverTrigger::path;  // of "failover.started"
};

/// What became of the requests of one service to one destination since the last call.
struct DestinationResults {
  ServiceName service;
  RegionName region;
  std::uint64_t ended = 0;
  std::uint64_t failed = 0;  // errors and timeouts among them
  std::uint32_t in_flight = 0;
};

/// Decides, from the controller's rules and this agent's own observations, where requests go.
///
///   revision ─▶ guards ─▶ configured weights ─┐
///   paths, health, results, in flight ─▶ DestinationMachine (up, away, ramping) x spill
///                                             └─▶ tiers ─▶ never empty ─▶ RoutingTable
///
/// Tiers: a region in no tier belongs to the first. A tier serves what the best region of the tier
/// before it cannot take: nothing while one works fully, everything when none works. Never empty,
/// in this order: destinations that work; those that work again but are still held away; those
/// with weight 0 that work; and last, panic, everything residency permits. Residency is hard in
/// every case. The own region is always reachable.
///
/// An agent that loses every path within two seconds, at least two of them, suspects itself: its
/// own region serves what it can, and when the paths are back the destinations come in as if they
/// had never been left, for nothing of theirs has flapped.
///
/// Pure: the caller gives the time, which never runs back. One thread. Cost of `update`: O(services
/// x destinations) when something changed or a ramp runs, O(1) otherwise.
class FailoverMachine {
 public:
  /// All of it or nothing: on an error the rules in force stay.
  /// Errors: as `validate`; failed_precondition when residency leaves a service no region.
  Status apply(const Revision& revision, Time now);

  /// Whether the controller is heard. Weights that a policy wished hold for their time to live
  /// without it; then the configured ones take their place, a tenth of a share a second.
  void on_controller(bool heard, Time now);
  void on_path(const PathEvent& event, Time now);
  /// All that `agent` says about the servers of its cluster: replaces what it said before, and a
  /// service it does not name has no servers there. Empty: it has fallen silent; its last word
  /// counts while nobody else speaks for the region. No word counts while the path to its speaker
  /// is down. A region nobody spoke for is taken to work.
  void on_agent_health(const AgentId& agent, std::span<const RegionHealth> said, Time now);
  /// All servers of this cluster; a service that is not among them has none here.
  void on_local_health(std::span<const EndpointState> states, Time now);
  void on_results(const DestinationResults& results, Time now);

  /// The table in force now when it differs from the last one returned, else null.
  std::shared_ptr<const RoutingTable> update(Time now);
  /// When `update` must be called although nothing happened; nullopt: never.
  std::optional<Time> next_wakeup() const { return wakeup_; }
  /// Since the last call, in order.
  std::vector<FailoverEvent> take_events();

  /// Paths lost this close to each other have one cause.
  static constexpr Duration k_together = std::chrono::seconds(2);
  /// How long a step of the weights lasts where the step limit keeps them short of the revision's.
  static constexpr Duration k_step_interval = std::chrono::seconds(1);

 private:
  struct Path {
    OverlayPeer peer;
    std::optional<bool> up;  // nothing: not heard of yet
    std::string reason;
    std::optional<Time> lost_at;  // it was up before
  };
  struct Servers {
    double healthy = 0;
    double all = 0;
  };
  struct Spoken {
    bool silent = false;
    std::map<ServiceName, Servers> services;
  };
  struct Service {
    ServicePlan plan;               // weights after the guards
    std::vector<Weight> wanted;     // as the revision has them
    std::optional<Time> next_step;  // the step limit kept them apart until then
    bool faded = false;             // the configured weights have taken their place
    std::map<RegionName, DestinationMachine> destinations;
    bool panic = false;
    std::shared_ptr<const ServiceRoutes> routes;
  };

  Status guard_weights(Service& service, Time now);
  void fade(Service& service, Time now);
  bool path_up(const AgentId& agent) const;
  std::optional<double> healthy_share(const ServiceName& service, const RegionName& region) const;
  std::string path_trouble(const RegionName& region) const;
  DestinationFacts facts_of(const Service& service, const RegionName& region,
                            const DestinationMachine& machine, Time now) const;
  std::vector<Doorway> doors_of(const ServiceName& service, const RegionName& region) const;
  bool update_isolation(Time now);
  void excuse_destinations(Time now);
  bool update_service(Service& service, Time now);
  static void set_limits(const ServicePlan& plan, std::span<const TierMember> members,
                         ServiceRoutes& routes);
  void note_panic(Service& service, bool panic);
  void step_destination(Service& service, const RegionName& region, DestinationMachine& machine,
                        Time now);
  void note(std::string type, std::string severity, const RegionName& region,
            const ServiceName& service, std::string message);
  void wake_at(std::optional<Time> when);

  RegionName own_region_;
  std::map<AgentId, Path> paths_;  // agents only, not the controller
  std::map<ServiceName, Service> services_;
  std::map<AgentId, Spoken> spoken_;
  std::map<ServiceName, Servers> local_;
  std::vector<FailoverEvent> events_;
  std::optional<Time> wakeup_;
  std::uint64_t version_ = 0;
  std::size_t published_services_ = 0;
  bool isolated_ = false;
  bool controller_heard_ = false;
  std::optional<Time> silent_since_;
  bool changed_ = false;
  bool local_known_ = false;
};

}  // namespace weir::agent
