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
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/model/observation.h"
#include "common/model/revision.h"

namespace weir::agent {

/// Something an operator wants to know; `type` is stable: "failover.started", "failover.ended",
/// "failover.panic", "failover.panic_ended", "agent.isolated", "agent.rejoined".
struct FailoverEvent {
  std::string type;
  std::string severity;  // "info", "warn", "error"
  RegionName region;     // empty where it does not apply, as `service`
  ServiceName service;
  std::string message;
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
/// Pure: the caller gives the time, which never runs back. One thread. Cost of `update`: O(services
/// x destinations) when something changed or a ramp runs, O(1) otherwise.
class FailoverMachine {
 public:
  /// All of it or nothing: on an error the rules in force stay.
  /// Errors: as `validate`; failed_precondition when residency leaves a service no region.
  Status apply(const Revision& revision, Time now);

  void on_path(const PathEvent& event, Time now);
  /// An announcement; stale after 2 s, then it only counts while nobody fresher speaks for the
  /// region, and no longer than a path to its sender is up.
  void on_region_health(const RegionHealth& health, Time now);
  /// How many of the servers of this cluster work.
  void on_local_health(const ServiceName& service, std::size_t healthy, std::size_t all, Time now);
  void on_results(const DestinationResults& results, Time now);

  /// The table in force now when it differs from the last one returned, else null.
  std::shared_ptr<const RoutingTable> update(Time now);
  /// When `update` must be called although nothing happened; nullopt: never.
  std::optional<Time> next_wakeup() const { return wakeup_; }
  /// Since the last call, in order.
  std::vector<FailoverEvent> take_events();

 private:
  struct Path {
    OverlayPeer peer;
    std::optional<bool> up;  // nothing: not heard of yet
    std::string reason;
  };
  struct Announcement {
    double healthy_share = 1;
    std::uint32_t endpoints = 0;
    Time heard;
  };
  struct Service {
    ServicePlan plan;               // weights after the guards
    std::vector<Weight> wanted;     // as the revision has them
    std::optional<Time> next_step;  // the step limit kept them apart until then
    std::map<RegionName, DestinationMachine> destinations;
    bool panic = false;
    std::shared_ptr<const ServiceRoutes> routes;
  };
  struct Reach {
    bool up = false;     // some path, or the own region
    bool heard = false;  // of some path
    std::string reason;  // of the first path down
  };

  Status check(const Revision& revision) const;
  Result<ServicePlan> guarded(const ServicePlan& wanted, const Revision& revision,
                              bool& settled) const;
  void step_weights(Service& service, Time now);
  Reach reach(const RegionName& region) const;
  DestinationFacts facts_of(const Service& service, const RegionName& region, Time now) const;
  std::vector<OverlayPeer> agents_of(const ServiceName& service, const RegionName& region) const;
  void update_isolation();
  bool update_service(Service& service, Time now);
  void note(std::string type, std::string severity, const RegionName& region,
            const ServiceName& service, std::string message);
  void wake_at(std::optional<Time> when);

  Revision revision_;
  std::map<AgentId, Path> paths_;  // agents only, not the controller
  std::map<ServiceName, Service> services_;
  std::map<std::pair<ServiceName, AgentId>, Announcement> announcements_;
  std::map<ServiceName, Announcement> local_;
  std::vector<FailoverEvent> events_;
  std::optional<Time> wakeup_;
  std::uint64_t version_ = 0;
  bool isolated_ = false;
  bool changed_ = false;
};

}  // namespace weir::agent
