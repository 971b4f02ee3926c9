#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "agent/health/check_transport.h"
#include "agent/health/health_machine.h"
#include "common/async/clock.h"
#include "common/model/observation.h"

namespace weir::agent {

/// Checks one endpoint until stopped and reports each change of its health.
class HealthChecker {
 public:
  using Report = std::function<void(const EndpointState&)>;

  /// `clock` outlives the checker; the transport is shared by the endpoints of a service. `report`
  /// is called on `executor`, which runs everything here.
  HealthChecker(const boost::asio::any_io_executor& executor, EndpointState state,
                HealthMachine machine, std::chrono::milliseconds timeout,
                std::shared_ptr<CheckTransport> transport, Clock& clock, Report report);

  /// Returns when stopped or cancelled. `self` keeps the checker until then.
  static boost::asio::awaitable<void> run(std::shared_ptr<HealthChecker> self);
  /// No report comes after this; a check under way is left to end.
  void stop();

  void report_failure(std::string reason);
  const EndpointState& state() const { return state_; }
  const HealthMachine& machine() const { return machine_; }

 private:
  void take(const Status& checked);
  void change(bool healthy, std::string reason);

  EndpointState state_;
  HealthMachine machine_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<CheckTransport> transport_;
  Clock& clock_;
  const Report report_;
  boost::asio::steady_timer wake_;  // cancelled when next_check() came nearer
  bool stopped_ = false;
};

}  // namespace weir::agent
