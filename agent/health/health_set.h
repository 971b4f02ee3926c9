#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/health/check_transport.h"
#include "common/async/clock.h"
#include "common/async/task_group.h"
#include "common/model/observation.h"
#include "common/model/service.h"
#include "common/sim/rng.h"

namespace weir::agent {

class HealthChecker;

/// A service and the servers of it in this cluster.
struct WantedChecks {
  ServiceName service;
  HealthCheckSpec spec;
  std::vector<Endpoint> endpoints;
};

/// Checks every server of this cluster and knows which of them work.
///
/// A server is unhealthy until its first check has passed. A change of a service's check keeps what
/// is known about its servers. Everything on the executor's thread.
class HealthSet {
 public:
  /// Endpoints whose health or reason for it changed, one call per event.
  using Report = std::function<void(const std::vector<EndpointState>&)>;
  /// Makes the transport of a check; called once per service and spec.
  using MakeTransport = std::function<std::unique_ptr<CheckTransport>(const HealthCheckSpec&)>;

  /// `clock` outlives the set.
  HealthSet(boost::asio::any_io_executor executor, Clock& clock, Rng rng, MakeTransport transport,
            Report report);
  /// `stop()` and `join()` come first.
  ~HealthSet();

  /// Starts checks for what is new, stops those for what is gone, keeps the rest as it is.
  void set_wanted(const std::vector<WantedChecks>& wanted);

  /// What a request met: the endpoint refused or broke its connection. It is down at once and
  /// checked again soon; `rise` good checks bring it back. Unknown endpoints are ignored.
  void report_failure(const ServiceName& service, const Endpoint& endpoint, std::string reason);

  /// Every endpoint there is, ordered by service, then endpoint.
  std::vector<EndpointState> snapshot() const;

  void stop();
  boost::asio::awaitable<void> join();

 private:
  struct Service;
  using Key = std::pair<ServiceName, Endpoint>;
  void add(const WantedChecks& wanted, const Endpoint& endpoint, bool healthy_before);

  Clock& clock_;
  Rng rng_;
  const MakeTransport make_transport_;
  const Report report_;
  std::map<ServiceName, HealthCheckSpec> specs_;
  std::map<Key, std::shared_ptr<HealthChecker>> checkers_;
  TaskGroup tasks_;
};

}  // namespace weir::agent
