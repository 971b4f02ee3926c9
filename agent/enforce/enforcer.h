#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <span>

#include "agent/enforce/failover_machine.h"
#include "common/async/clock.h"
#include "common/async/snapshot.h"

namespace weir::agent {

/// The failover machine with a clock and an output: every input is decided at once and published.
///
/// All calls on one executor's thread, on which `run` runs as well.
class Enforcer {
 public:
  /// Called after a new table is in `table()`.
  using OnTable = std::function<void(const RoutingTable&)>;
  using OnEvent = std::function<void(const FailoverEvent&)>;

  /// `clock` outlives the enforcer.
  Enforcer(Clock& clock, OnTable on_table, OnEvent on_event);

  /// Errors: as `FailoverMachine::apply`; the rules in force stay.
  Status apply(const Revision& revision);
  void on_controller(bool heard);
  void on_path(const PathEvent& event);
  void on_agent_health(const AgentId& agent, std::span<const RegionHealth> said);
  /// `states` are the servers of this cluster, of all services.
  void on_local_health(std::span<const EndpointState> states);
  void on_results(std::span<const DestinationResults> results);

  /// Drives holds and ramps. Returns only when cancelled.
  boost::asio::awaitable<void> run();

  const Snapshot<RoutingTable>& table() const { return table_; }

 private:
  void publish();

  Clock& clock_;
  const OnTable on_table_;
  const OnEvent on_event_;
  FailoverMachine machine_;
  Snapshot<RoutingTable> table_;
};

}  // namespace weir::agent
