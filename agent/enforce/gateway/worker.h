#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "agent/enforce/gateway/gateway.h"
#include "agent/enforce/gateway/service_entry.h"
#include "agent/enforce/gateway/traffic_stats.h"
#include "common/async/task_group.h"

namespace weir::agent {

/// A connection the worker looks after: what happens to it from outside its own coroutine.
class Session {
 public:
  virtual ~Session() = default;
  /// When `on_deadline` is due; `Time::max()`: never.
  Time deadline = Time::max();

  virtual void on_deadline() = 0;
  /// The tables changed: an attempt in vain may be given up.
  virtual void on_tables() = 0;
  /// Ends as soon as nothing is under way.
  virtual void on_drain() = 0;
  /// Ends now.
  virtual void on_cut() = 0;
};

/// One thread of the gateway with everything a connection on it needs. Made and destroyed by the
/// owner; `post` is the only way in while the thread runs.
class Worker {
 public:
  struct Shared {
    GatewayOptions options;
    const Snapshot<RoutingTable>& routes;
    const Snapshot<LocalEndpoints>& endpoints;
    Clock& clock;
    boost::asio::any_io_executor callbacks;
    Gateway::OnSignal on_signal;
    std::unique_ptr<InFlightCounts> in_flight = std::make_unique<InFlightCounts>();
  };
  using Acceptor = boost::asio::ip::tcp::acceptor;

  Worker(std::shared_ptr<const Shared> shared, std::uint64_t seed);
  ~Worker();

  // Owner's thread.
  void start();
  void post(std::function<void(Worker&)> job);
  void join();
  bool drained() const { return drained_; }
  boost::asio::io_context& context() { return context_; }
  TrafficStats& stats() { return stats_; }

  // Worker's thread, from here on.
  void set_plans(std::vector<ServicePlan> plans);
  void listen(const ServiceName& service, std::shared_ptr<Acceptor> acceptor);
  void listen_ingress(std::shared_ptr<Acceptor> acceptor);
  void close_listener(const ServiceName& service);
  void refresh();
  /// Accepts nothing more and ends what is idle; cuts the rest at `until`.
  void drain(Time until);

  const GatewayOptions& options() const { return shared_->options; }
  Time now() const { return shared_->clock.now(); }
  bool draining() const { return draining_; }
  /// Null when the service is not known here.
  std::shared_ptr<ServiceEntry> service(const ServiceName& name);
  void signal(Target& target, EndpointSignal::Kind kind);
  std::list<Session*>::iterator enter(Session& session);
  void leave(std::list<Session*>::iterator place) { sessions_.erase(place); }

 private:
  boost::asio::awaitable<void> accept(std::shared_ptr<Acceptor> acceptor,
                                      std::optional<ServiceName> service);
  boost::asio::awaitable<void> tick();
  void look_after();
  void close_idle();
  void end_if_drained();
  void rebuild();
  void rebuild_service(ServiceEntry& entry);
  std::shared_ptr<Target> target(const ServiceName& service, const Endpoint& address, bool ingress);

  const std::shared_ptr<const Shared> shared_;
  boost::asio::io_context context_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::thread thread_;
  TaskGroup tasks_;
  TrafficStats stats_;
  Rng rng_;

  std::map<ServiceName, std::shared_ptr<ServiceEntry>> services_;
  std::vector<std::weak_ptr<ServiceEntry>> retired_;  // of connections that live on
  std::map<ServiceName, std::shared_ptr<Acceptor>> listeners_;
  std::shared_ptr<Acceptor> ingress_;
  std::map<std::tuple<ServiceName, Endpoint, bool>, std::shared_ptr<Target>> targets_;
  std::shared_ptr<const RoutingTable> routes_;
  std::shared_ptr<const LocalEndpoints> endpoints_;
  std::list<Session*> sessions_;
  Time cut_at_ = Time::max();
  bool draining_ = false;
  std::atomic<bool> drained_ = false;
};

}  // namespace weir::agent
