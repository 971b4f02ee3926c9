#include "agent/app/agent.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "agent/app/report.h"
#include "agent/health/grpc_check.h"
#include "common/async/on_blocking.h"
#include "common/crypto/random.h"
#include "common/model/codec.h"
#include "common/model/ports.h"
#include "common/os/descriptor_limit.h"
#include "common/tunnel/link_config.h"

namespace weir::agent {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char* k_version = "0.1.0";
constexpr auto k_look_interval = milliseconds(200);
constexpr int k_looks_per_report = 5;
constexpr std::size_t k_reason_max = 200;  // what the controller takes

/// Differs between two starts and grows: wall time, so that peers know the newer one.
std::uint64_t make_boot_id(Clock& clock) {
  return static_cast<std::uint64_t>(to_unix_ms(clock.wall_now()));
}

Rng random_stream() {
  std::array<std::uint8_t, 8> seed{};
  SystemKeySource().fill(seed);
  return Rng(load_be64(seed.data()));
}

DeviceConfig tunnel_config(const Identity& identity, std::uint16_t listen_port,
                           const std::vector<MeshPeer>& peers) {
  DeviceConfig config;
  config.private_key = identity.private_key;
  config.listen_port = listen_port;
  for (const MeshPeer& peer : peers) {
    PeerConfig made;
    made.public_key = peer.public_key;
    made.endpoint = peer.endpoint;
    made.persistent_keepalive = peer.keepalive;
    made.allowed_ips = {IpPrefix::host(peer.overlay)};
    config.peers.push_back(std::move(made));
  }
  return config;
}

PathOptions path_options(const AgentOptions& options, const Identity& identity,
                         std::uint64_t boot_id) {
  PathOptions made;
  made.address = identity.self.overlay;
  made.interface = options.tunnel.interface;
  made.boot_id = static_cast<std::uint32_t>(boot_id);
  made.mtu = options.tunnel.mtu;
  return made;
}

Announcer::Options announcer_options(const AgentOptions& options, const Identity& identity,
                                     std::uint64_t boot_id) {
  Announcer::Options made;
  made.address = identity.self.overlay;
  made.interface = options.tunnel.interface;
  made.boot_id = boot_id;
  return made;
}

GatewayOptions gateway_options(const AgentOptions& options, const Identity& identity) {
  GatewayOptions made;
  made.listen = options.gateway_listen;
  made.region = identity.self.region;
  made.workers = options.gateway_workers;
  made.ingress_device = options.tunnel.interface;
  return made;
}

std::shared_ptr<const LocalEndpoints> to_local(const std::vector<EndpointState>& states) {
  auto local = std::make_shared<LocalEndpoints>();
  for (const EndpointState& state : states) {  // ordered by service
    if (local->services.empty() || local->services.back().service != state.service) {
      local->services.push_back({state.service, {}});
    }
    local->services.back().endpoints.push_back({state.endpoint, state.healthy});
  }
  return local;
}

}  // namespace

Agent::Agent(asio::io_context& core, Clock& clock, Log& log, Supervisor& supervisor,
             AgentOptions options, StateDir directory, Identity identity)
    : core_(core),
      clock_(clock),
      log_(log),
      supervisor_(supervisor),
      options_(std::move(options)),
      directory_(std::move(directory)),
      identity_(std::move(identity)),
      boot_id_(make_boot_id(clock)),
      last_good_(directory_, identity_.mesh, identity_.self.agent),
      gate_(identity_.mesh, identity_.self),
      enforcer_(
          clock, [this](const RoutingTable&) { gateway_.refresh(); },
          [this](const FailoverEvent& event) { on_failover(event); }),
      gateway_(
          gateway_options(options_, identity_), enforcer_.table(), local_endpoints_, clock,
          core.get_executor(), [this](const EndpointSignal& signal) { on_signal(signal); },
          random_stream().next()),
      health_(
          core.get_executor(), clock, random_stream(),
          [this](const HealthCheckSpec& spec) {
            if (spec.kind != HealthCheckSpec::Kind::grpc) {
              return make_check_transport(spec, clock_, options_.exec_dir);
            }
            return make_grpc_check(spec, core_.get_executor(), clock_);
          },
          [this](const std::vector<EndpointState>& changed) { on_health(changed); }),
      discovery_(options_.endpoints_file, clock),
      paths_(path_options(options_, identity_, boot_id_), clock,
             {.path_changed =
                  [this](const PathEvent& event) {
                    asio::post(core_, [this, event] { on_path(event); });
                  },
              .isolation_changed =
                  [this](bool isolated) {
                    asio::post(core_, [this, isolated] { on_isolation(isolated); });
                  }}),
      announcer_(core.get_executor(), clock, announcer_options(options_, identity_, boot_id_),
                 [this](const AgentId& agent, const std::vector<RegionHealth>& said) {
                   enforcer_.on_agent_health(agent, said);
                 }),
      link_(core.get_executor(), clock, identity_,
            [this](Result<ControllerLink::Renewed> renewed) {
              keep_certificate(std::move(renewed));
            }),
      session_(link_, clock, random_stream(), {}, session_callbacks()),
      http_(metrics_, [this] { return gate_.in_force() ? "" : "no revision in force yet"; }),
      watchdog_(clock, {},
                [this](const std::string& loop, Duration lag) {
                  log_.warn("loop.lag", {{"loop", loop},
                                         {"ms", static_cast<std::int64_t>(lag / milliseconds(1))}});
                }),
      to_save_(core.get_executor(), 1, WhenFull::drop_oldest),
      tasks_(core.get_executor()) {}

Agent::~Agent() = default;

// ---- start and stop

Status Agent::start() {
  raise_limits();
  WEIR_TRY(start_tunnel());
  WEIR_TRY(gateway_.start());
  WEIR_TRY(gateway_.set_ingress({identity_.self.overlay, k_port_ingress}));
  if (options_.metrics) WEIR_TRY(http_.listen(core_.get_executor(), *options_.metrics));
  load_last_good();
  start_tasks();
  return {};
}

/// Two descriptors for each client the gateway would take, and some for everything else.
void Agent::raise_limits() {
  const std::uint64_t wanted =
      2 * GatewayOptions{}.connections_max * options_.gateway_workers + 1000;
  const auto limit = raise_descriptor_limit();
  if (!limit) {
    log_.warn("descriptors.not_raised", {{"reason", limit.error().message()}});
  } else if (*limit < wanted) {
    log_.warn("descriptors.few", {{"limit", *limit},
                                  {"wanted", wanted},
                                  {"next", "raise LimitNOFILE, or fewer clients can be served"}});
  }
}

Status Agent::start_tunnel() {
  TunnelOptions options = options_.tunnel.options();
  options.timestamp_file = std::filesystem::absolute(options_.state_dir / "tunnel.timestamp");
  options.on_end = [this](const std::string& why) {
    asio::post(core_, [this, why] {
      // Nothing can be forwarded any more; the supervisor starts the agent anew.
      log_.error("tunnel.ended", {{"why", why}});
      std::abort();
    });
  };
  backend_ = decide_tunnel(options_.tunnel.backend, false);
  log_.info("tunnel.backend", {{"backend", std::string(tunnel_kind_name(backend_.kind))},
                               {"reason", backend_.reason},
                               {"interface", options_.tunnel.interface}});
  WEIR_ASSIGN(tunnel, weir::open_tunnel(backend_, std::move(options), false));
  tunnel_ = std::move(tunnel);
  // The kernel's interface may be the one that a killed run left behind: whom it talks with by the
  // last good revision keeps his session.
  const std::optional<Revision> last = last_good_.load().revision;
  const Status again =
      last ? tunnel_->apply(tunnel_config(identity_, options_.tunnel.listen_port, last->peers))
           : Status(fail(Code::not_found, "no revision yet"));
  if (!again) {
    WEIR_TRY(tunnel_->apply(
        tunnel_config(identity_, options_.tunnel.listen_port, {identity_.controller})));
  }
  WEIR_ASSIGN(link, LinkConfig::open(options_.tunnel.interface));
  const MeshSelf& self = identity_.self;
  return link.apply({{self.overlay, self.overlay.bits()}}, {self.overlay_prefix});
}

/// Forwards under the last good revision before the controller is asked: it may be dead.
void Agent::load_last_good() {
  LastGood::Loaded loaded = last_good_.load();
  for (const std::string& problem : loaded.problems) {
    log_.warn("revision.slot_unusable", {{"problem", problem}});
  }
  if (!loaded.revision) return;
  const RevisionId id = loaded.revision->id;
  if (const Status applied = apply(*loaded.revision); !applied) {
    log_.error("revision.load_failed", {{"problem", applied.error().message()}});
    return;
  }
  log_.info("revision.loaded", {{"epoch", id.epoch}, {"generation", id.generation}});
}

void Agent::start_tasks() {
  metrics_.add([this](MetricWriter& writer) { write_metrics(writer); });
  paths_.start();
  announcer_.start();
  tasks_.spawn("enforcer", enforcer_.run());
  tasks_.spawn("discovery",
               discovery_.run([this](const Result<EndpointMap>& found) { on_endpoints(found); }));
  tasks_.spawn("session", session_.run());
  tasks_.spawn("save revisions", save_revisions());
  tasks_.spawn("report", report_every_second());
  if (options_.metrics) tasks_.spawn("metrics", http_.run());
  watchdog_.watch("core", core_.get_executor());
  watchdog_.watch("paths",
                  [this](std::function<void()> job) { return paths_.post(std::move(job)); });
  watchdog_.watch("tunnel",
                  [this](std::function<void()> job) { return tunnel_->post(std::move(job)); });
  std::size_t worker = 0;
  for (const auto& executor : gateway_.executors()) {
    watchdog_.watch("gateway-" + std::to_string(worker++), executor);
  }
  watchdog_.on_round([this](Duration silence) { supervisor_.alive(clock_.now(), silence); });
  watchdog_.start();
  supervisor_.ready(status_line());
  log_.info("agent.started", {{"agent", identity_.self.agent.value()},
                              {"mesh", identity_.mesh},
                              {"overlay", identity_.self.overlay.to_string()},
                              {"interface", options_.tunnel.interface},
                              {"version", k_version}});
}

std::string Agent::status_line() const {
  const auto revision = gate_.in_force();
  if (!revision) return "waiting for the controller's first revision";
  return identity_.self.agent.value() + ": revision " + std::to_string(revision->id.epoch) + "." +
         std::to_string(revision->id.generation) + " in force";
}

asio::awaitable<void> Agent::stop() {
  log_.info("agent.stopping");
  supervisor_.stopping();
  watchdog_.stop();  // loops end from here on; the supervisor bounds how long that may take
  co_await gateway_.stop(seconds(3));
  tasks_.stop();
  co_await tasks_.join();
  health_.stop();
  co_await health_.join();
  announcer_.stop();
  co_await announcer_.join();
  paths_.stop();
  co_await link_.stop();
  blocking_.join();
  tunnel_.reset();
  log_.info("agent.stopped");
}

// ---- down: what the controller wants

SessionCallbacks Agent::session_callbacks() {
  return {.hello = [this] { return hello(); },
          .apply = [this](const policy::v1::Revision& message) { return on_revision(message); },
          .renewal_csr = [this] { return link_.renewal_csr(); },
          .certificate = [this](const control::v1::Certificate& made) { on_certificate(made); },
          .ping =
              [this](const control::v1::PingRequest& request,
                     std::function<void(control::v1::PingReply)> done) {
                on_ping(request, std::move(done));
              },
          .state =
              [this](bool connected, const std::string& reason) {
                log_.info(connected ? "session.up" : "session.down", {{"reason", reason}});
                enforcer_.on_controller(connected);
              }};
}

control::v1::Hello Agent::hello() const {
  control::v1::Hello message;
  message.set_version(k_version);
  std::array<std::uint8_t, 16> boot{};
  store_be64(boot.data() + 8, boot_id_);
  message.set_boot_id(boot.data(), boot.size());
  if (const auto& now = gate_.in_force()) {
    message.set_epoch(now->id.epoch);
    message.set_generation(now->id.generation);
    message.set_digest(now->digest.data(), now->digest.size());
  }
  message.set_listen_port(options_.tunnel.listen_port);
  message.set_tunnel_backend(std::string(tunnel_kind_name(backend_.kind)));
  message.set_tunnel_backend_reason(backend_.reason.substr(0, k_reason_max));
  if (options_.public_endpoint) {
    message.set_public_endpoint(options_.public_endpoint->to_string());
  }
  return message;
}

Status Agent::on_revision(const policy::v1::Revision& message) {
  auto admitted = gate_.check(message);
  if (admitted && admitted->verdict == RevisionGate::Verdict::already_in_force) return {};
  Status applied;
  if (admitted) {
    applied = apply(admitted->revision);
  } else {
    applied = fail(std::move(admitted).error());
  }
  if (!applied) {
    log_.warn("revision.refused", {{"epoch", message.epoch()},
                                   {"generation", message.generation()},
                                   {"reason", applied.error().message()}});
    return applied;
  }
  log_.info("revision.applied", {{"epoch", message.epoch()}, {"generation", message.generation()}});
  to_save_.push(gate_.in_force());
  return {};
}

/// All of it or nothing: what can fail goes first, and is put back when a later part fails. A port
/// that another program holds is this machine's matter: it keeps no peer, no weight and no other
/// service out of force, and is tried again until it is free.
Status Agent::apply(const Revision& revision) {
  Status applied =
      tunnel_->apply(tunnel_config(identity_, options_.tunnel.listen_port, revision.peers));
  Status opened;
  if (applied) {
    // Before the table: a service that goes keeps its last routes for what is under way.
    opened = gateway_.set_services(revision.services);
    applied = enforcer_.apply(revision);
  }
  if (!applied) {
    // What was in force could be applied once, so it can again.
    const auto& before = gate_.in_force();
    note_listeners(gateway_.set_services(before ? before->services : std::vector<ServicePlan>()));
    (void)tunnel_->apply(tunnel_config(identity_, options_.tunnel.listen_port,
                                       before ? before->peers : std::vector{identity_.controller}));
    return applied;
  }
  note_listeners(opened);
  gate_.now_in_force(std::make_shared<const Revision>(revision));
  update_peers(revision);
  update_checks();
  return {};
}

void Agent::note_listeners(const Status& opened) {
  std::string problem = opened ? std::string() : opened.error().message();
  if (problem == listeners_problem_) return;
  listeners_problem_ = std::move(problem);
  if (opened) {
    log_.info("gateway.listeners_open");
    publish("gateway.listeners_open", "info", "every service's port is open");
    return;
  }
  log_.error("gateway.listener_failed", {{"reason", listeners_problem_}});
  publish("gateway.listener_failed", "error",
          listeners_problem_ + "; tried again every second, all else is in force");
}

void Agent::update_peers(const Revision& revision) {
  auto peers = std::make_shared<std::vector<OverlayPeer>>();
  for (const MeshPeer& peer : revision.peers) {
    if (!peer.controller) peers->push_back({peer.agent, peer.region, peer.overlay});
  }
  paths_.set_peers(peers);
  announcer_.set_peers(peers);
}

/// Checks are wanted for what is both a service of the mesh and has servers here.
void Agent::update_checks() {
  std::vector<WantedChecks> wanted;
  if (const auto& now = gate_.in_force(); now && endpoints_) {
    for (const ServicePlan& plan : now->services) {
      const auto found = endpoints_->find(plan.service);
      if (found != endpoints_->end()) wanted.push_back({plan.service, plan.health, found->second});
    }
  }
  health_.set_wanted(wanted);
  on_health({});
}

void Agent::on_certificate(const control::v1::Certificate& message) {
  keep_certificate(
      link_.take_certificate(as_bytes(message.certificate_der()), as_bytes(message.ca_der())));
}

void Agent::keep_certificate(Result<ControllerLink::Renewed> renewed) {
  if (!renewed) {
    log_.warn("certificate.not_renewed", {{"reason", renewed.error().message()}});
    return;
  }
  identity_.certificate_pem = renewed->certificate_pem;
  identity_.certificate_key_pem = std::move(renewed->key_pem);
  identity_.ca_pem = renewed->ca_pem;
  asio::post(blocking_, [this, identity = identity_] {
    if (const Status saved = save_identity(directory_, identity); !saved) {
      log_.error("certificate.not_saved", {{"reason", saved.error().message()}});
    }
  });
  log_.info("certificate.renewed", {{"expires_unix_ms", link_.certificate_expires_unix_ms()}});
}

void Agent::on_ping(const control::v1::PingRequest& request,
                    std::function<void(control::v1::PingReply)> done) {
  const int count = static_cast<int>(std::min<std::uint32_t>(request.count(), 100));
  paths_.ping(AgentId(request.agent()), count,
              [this, id = request.id(), done = std::move(done)](const Result<PingResult>& result) {
                control::v1::PingReply reply;
                reply.set_id(id);
                if (result) {
                  reply.set_sent(static_cast<std::uint32_t>(result->rtt.size()));
                  for (const auto& rtt : result->rtt) {
                    if (rtt) reply.add_rtt_us(static_cast<std::uint32_t>(rtt->count()));
                  }
                } else {
                  reply.set_error(result.error().message());
                }
                asio::post(core_, [done, reply] { done(reply); });
              });
}

asio::awaitable<void> Agent::save_revisions() {
  while (auto revision = co_await to_save_.pop()) {
    std::function<Status()> work = [this, kept = *revision] { return last_good_.save(*kept); };
    const Status saved = co_await on_blocking(blocking_, std::move(work));
    if (saved) continue;
    log_.warn("revision.not_saved", {{"reason", saved.error().message()}});
    publish("agent.disk", "warn",
            "the revision in force is not on the disk: " + saved.error().message());
  }
}

// ---- sideways: what this agent sees

void Agent::on_path(const PathEvent& event) {
  enforcer_.on_path(event);
  failovers_.on_path(event, clock_.now());
  const std::string type = event.up ? "path.up" : "path.down";
  log_.info(type, {{"to", event.to.value()}, {"reason", event.reason}});
  publish(type, event.up ? "info" : "warn", "to " + event.to.value() + ": " + event.reason,
          event.to_region);
}

void Agent::on_isolation(bool isolated) {
  log_.warn(isolated ? "agent.hears_nobody" : "agent.hears_peers",
            {{"agent", identity_.self.agent.value()}});
}

void Agent::on_endpoints(const Result<EndpointMap>& found) {
  if (!found) {
    log_.error("discovery.failed", {{"reason", found.error().message()}});
    publish("discovery.failed", "error", found.error().message());
    discovery_failed_ = true;
    return;
  }
  if (std::exchange(discovery_failed_, false)) {
    publish("discovery.recovered", "info", "what to serve can be read again");
  }
  endpoints_ = *found;
  log_.info("discovery.changed", {{"services", static_cast<std::uint64_t>(endpoints_->size())}});
  update_checks();
}

/// The states as they are now go to everybody who chooses by them.
void Agent::on_health(const std::vector<EndpointState>& changed) {
  const std::vector<EndpointState> states = health_.snapshot();
  local_endpoints_.store(to_local(states));
  gateway_.refresh();
  tell_health();
  for (const EndpointState& state : changed) {
    log_.info("health.changed", {{"service", state.service.value()},
                                 {"endpoint", state.endpoint.to_string()},
                                 {"to", state.healthy ? "up" : "down"},
                                 {"reason", state.reason}});
    publish(state.healthy ? "endpoint.up" : "endpoint.down", state.healthy ? "info" : "warn",
            state.endpoint.to_string() + ": " + state.reason, identity_.self.region, state.service);
  }
}

/// After a start, before discovery has spoken and the first checks have ended, what looks dead may
/// only be unknown: nobody is told.
void Agent::tell_health() {
  health_told_ = health_told_ || (endpoints_ && gate_.in_force() && health_.settled());
  if (!health_told_) return;
  const std::vector<EndpointState> known = health_.known();
  enforcer_.on_local_health(known);
  announcer_.set_local(sum_up(known));
}

void Agent::on_signal(const EndpointSignal& signal) {
  if (signal.kind != EndpointSignal::Kind::refused) return;  // the checks judge everything else
  health_.report_failure(signal.service, signal.endpoint, "a request's connection was refused");
}

void Agent::on_failover(const FailoverEvent& event) {
  failovers_.on_event(event);
  const LogField region("region", event.region.value());
  const LogField service("service", event.service.value());
  log_.info(event.type, {region, service, {"message", event.message}});
  publish(event.type, event.severity, event.message, event.region, event.service);
}

// ---- up: what the controller hears

asio::awaitable<void> Agent::report_every_second() {
  Time last = clock_.now();
  Time next_look = last;
  for (int looks = 1;; ++looks) {
    next_look = std::max(next_look + k_look_interval, clock_.now());
    const bool woken = co_await clock_.sleep_until(next_look);
    if (!woken) co_return;
    take_results();
    if (looks % k_looks_per_report != 0) continue;
    const Time now = clock_.now();
    report_once(now, last);
    supervisor_.status(status_line());
    last = now;
  }
}

/// What the failover decides by is looked at more often than it is reported.
void Agent::take_results() {
  const GatewayTraffic traffic = gateway_.collect();
  std::vector<DestinationResults> results;
  results.reserve(traffic.destinations.size());
  for (const DestinationTraffic& row : traffic.destinations) {
    results.push_back({row.service, row.region, row.ok + row.errors + row.timeouts,
                       row.errors + row.timeouts, row.in_flight});
  }
  enforcer_.on_results(results);
  add_up(traffic, window_);
  add_up(traffic, totals_);
  if (!health_told_) tell_health();
}

void Agent::report_once(Time now, Time last) {
  if (!listeners_problem_.empty()) note_listeners(gateway_.open_listeners());
  const GatewayTraffic traffic = std::exchange(window_, {});
  const std::vector<PathWindow> paths = paths_.windows();
  const std::vector<EndpointState> endpoints = health_.snapshot();
  const auto routes = enforcer_.table().load();
  const auto& now_in_force = gate_.in_force();
  session_.publish_report(
      make_report({.sequence = ++reports_,
                   .unix_ms = to_unix_ms(clock_.wall_now()),
                   .window_ms = static_cast<std::uint32_t>((now - last) / milliseconds(1)),
                   .in_force = now_in_force ? now_in_force->id : RevisionId{},
                   .dropped_reports = session_.dropped_reports(),
                   .paths = paths,
                   .endpoints = endpoints,
                   .traffic = traffic,
                   .routes = *routes}));
}

void Agent::publish(const std::string& type, const std::string& severity,
                    const std::string& message, const RegionName& region,
                    const ServiceName& service) {
  telemetry::v1::Event event;
  event.set_unix_ms(to_unix_ms(clock_.wall_now()));
  event.set_type(type);
  event.set_severity(severity);
  event.set_agent(identity_.self.agent.value());
  event.set_region(region.value());
  event.set_service(service.value());
  event.set_message(message);
  session_.publish_event(std::move(event));
}

void Agent::write_metrics(MetricWriter& writer) const {
  const auto tunnel = tunnel_->state();
  static const std::vector<PeerState> k_no_peers;
  write_agent_metrics({.self = identity_.self,
                       .version = k_version,
                       .paths = paths_.windows(),
                       .path_counters = paths_.counters(),
                       .endpoints = health_.snapshot(),
                       .totals = totals_,
                       .routes = *enforcer_.table().load(),
                       .failovers = failovers_,
                       .listeners_missing = gateway_.listeners_missing(),
                       .in_force = gate_.in_force().get(),
                       .connected = session_.connected(),
                       .dropped_reports = session_.dropped_reports(),
                       .certificate_expires_unix_ms = link_.certificate_expires_unix_ms(),
                       .tunnel_peers = tunnel ? tunnel->device.peers : k_no_peers,
                       .tunnel_backend = std::string(tunnel_kind_name(backend_.kind)),
                       .tunnel = tunnel_->counters(),
                       .wall_now = clock_.wall_now(),
                       .lags = watchdog_.lags()},
                      writer);
}

}  // namespace weir::agent
