#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
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
/// A server is unhealthy until its first check has passed; with a check of kind `none` it is always
/// healthy. A change of a service's check keeps what is known about its servers. Everything on the
/// executor's thread, which must be one.
class HealthSet {
 public:
  /// Endpoints whose health changed. After `set_wanted` read `snapshot()`.
  using Report = std::function<void(const std::vector<EndpointState>&)>;
  /// Makes the transport of a check; called once per service and spec, never for kind `none`. Null:
  /// the kind is not supported, and the endpoints say so.
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

  /// The same without those whose first check has not ended: what looks dead may just be unknown.
  std::vector<EndpointState> known() const;

  /// Every service's first checks have ended, or had two seconds to: from then on `known()` is
  /// worth telling. A service counts once; what is added to it later holds up nothing.
  bool settled();

  void stop();
  /// Resumes once every check has ended and every transport has let go.
  boost::asio::awaitable<void> join();

 private:
  struct Service {
    HealthCheckSpec spec;
    std::shared_ptr<CheckTransport> transport;  // null for `none` and unsupported kinds
    std::map<Endpoint, std::shared_ptr<HealthChecker>> checkers;
    Time wanted_since{};
    bool settled = false;
  };
  static bool is_known(const Service& service, const HealthChecker& checker);
  void reconcile(Service& service, const WantedChecks& wanted);
  std::shared_ptr<HealthChecker> start(const Service& service, const WantedChecks& wanted,
                                       const Endpoint& endpoint, const HealthChecker* before);
  static void stop_all(const Service& service);
  void retire(std::shared_ptr<CheckTransport> transport);
  boost::asio::awaitable<void> let_go(std::shared_ptr<CheckTransport> transport);

  const boost::asio::any_io_executor executor_;
  Clock& clock_;
  Rng rng_;
  const MakeTransport make_transport_;
  const Report report_;
  std::map<ServiceName, Service> services_;
  std::vector<std::shared_ptr<CheckTransport>> retired_;  // not stopped yet
  TaskGroup tasks_;
};

}  // namespace weir::agent
