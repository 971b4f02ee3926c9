#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "agent/app/controller_link.h"
#include "agent/app/metrics.h"
#include "agent/app/options.h"
#include "agent/discovery/file_discovery.h"
#include "agent/enforce/enforcer.h"
#include "agent/enforce/gateway/gateway.h"
#include "agent/health/announcer.h"
#include "agent/health/health_set.h"
#include "agent/paths/path_service.h"
#include "agent/session/revision_gate.h"
#include "agent/session/session_client.h"
#include "agent/state/last_good.h"
#include "common/async/bounded_queue.h"
#include "common/obs/http_status.h"
#include "common/obs/log.h"
#include "common/obs/watchdog.h"
#include "common/os/supervisor.h"
#include "common/tunnel_kernel/open_tunnel.h"

namespace weir::agent {

/// The agent: who talks to whom.
///
///                     controller
///                         │ revisions, pings       ▲ reports, events, ACK
///                         ▼                        │
///   LastGood ◀──── SessionClient ── RevisionGate ──┘
///      │ start          │ apply
///      └───────┬────────┘
///              ▼
///   TunnelBackend peers · Enforcer rules · Gateway listeners · PathService, Announcer peers ·
///   HealthSet checks
///
///   PathService ─ path up/down ─────▶ Enforcer ─ RoutingTable ─▶ Gateway ─ results ─▶ Enforcer,
///   report Announcer ─ health of regions ──▶ Enforcer        Gateway ─ refused connections ─▶
///   HealthSet FileDiscovery ─ servers ─▶ HealthSet ─ states ─▶ Enforcer, LocalEndpoints ─▶
///   Gateway, Announcer
///
/// Everything here runs on the core executor; the modules that own threads post to it.
class Agent {
 public:
  /// `core`, `clock`, `log` and `supervisor` outlive the agent.
  Agent(boost::asio::io_context& core, Clock& clock, Log& log, Supervisor& supervisor,
        AgentOptions options, StateDir directory, Identity identity);
  ~Agent();

  /// Brings up the tunnel, loads the last good revision and forwards under it, then lets the tasks
  /// run. Errors: of open_tunnel, LinkConfig, Gateway; the message says what to do.
  Status start();

  /// Requests in flight may end for a moment; then everything stops, in the reverse order.
  boost::asio::awaitable<void> stop();

 private:
  void raise_limits();
  Status start_tunnel();
  void load_last_good();
  void start_tasks();
  std::string status_line() const;

  // down: what the controller wants
  SessionCallbacks session_callbacks();
  control::v1::Hello hello() const;
  Status on_revision(const policy::v1::Revision& message);
  Status apply(const Revision& revision);
  void update_peers(const Revision& revision);
  void update_checks();
  void on_certificate(const control::v1::Certificate& message);
  void keep_certificate(Result<ControllerLink::Renewed> renewed);
  void on_ping(const control::v1::PingRequest& request,
               std::function<void(control::v1::PingReply)> done);
  boost::asio::awaitable<void> save_revisions();

  // sideways: what this agent sees
  void on_path(const PathEvent& event);
  void on_isolation(bool isolated);
  void on_endpoints(const Result<EndpointMap>& found);
  void on_health(const std::vector<EndpointState>& changed);
  void tell_health();
  void on_signal(const EndpointSignal& signal);
  void on_failover(const FailoverEvent& event);
  void note_listeners(const Status& opened);

  // up: what the controller hears
  boost::asio::awaitable<void> report_every_second();
  void take_results();
  void report_once(Time now, Time last);
  void publish(const std::string& type, const std::string& severity, const std::string& message,
               const RegionName& region = {}, const ServiceName& service = {});
  void write_metrics(MetricWriter& writer) const;

  // constant after construction
  boost::asio::io_context& core_;
  Clock& clock_;
  Log& log_;
  Supervisor& supervisor_;
  const AgentOptions options_;
  const StateDir directory_;
  Identity identity_;
  const std::uint64_t boot_id_;

  // modules, in the order they start
  LastGood last_good_;
  RevisionGate gate_;
  TunnelDecision backend_;
  std::unique_ptr<TunnelBackend> tunnel_;
  Enforcer enforcer_;
  Snapshot<LocalEndpoints> local_endpoints_;
  Gateway gateway_;
  HealthSet health_;
  FileDiscovery discovery_;
  PathService paths_;
  Announcer announcer_;
  ControllerLink link_;
  SessionClient session_;
  Metrics metrics_;
  HttpStatus http_;
  Watchdog watchdog_;

  // core executor only
  std::optional<EndpointMap> endpoints_;  // none: discovery has not spoken yet
  bool discovery_failed_ = false;
  bool health_told_ = false;       // this cluster's health is worth telling
  std::string listeners_problem_;  // empty: all are open
  GatewayTraffic window_;          // since the last report
  GatewayTraffic totals_;          // since the start, for metrics, as the next
  FailoverNumbers failovers_;
  BoundedQueue<std::shared_ptr<const Revision>> to_save_;
  boost::asio::thread_pool blocking_{1};
  TaskGroup tasks_;
  std::uint64_t reports_ = 0;
};

}  // namespace weir::agent
