// The composition root. Start, in this order; stop, in the reverse:
//
//   store, keys, certificates      what was acknowledged before is there
//   trace exporter                 where it is wanted, on a thread of its own
//   control plane                  state from the store
//   tunnel                         interface up, addresses set, known peers
//   publish loop, tunnel loop
//   session and enrolment servers  on addresses inside the tunnel
//   admin server                   who sees the socket may use it
//   web server                     the same API for browsers, on a thread of its own

#include "controller/app/controller_app.h"

#include <array>
#include <bit>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

#include "common/async/clock.h"
#include "common/async/on_blocking.h"
#include "common/async/task_group.h"
#include "common/crypto/p256.h"
#include "common/join/join_token.h"
#include "common/model/ports.h"
#include "common/obs/http_status.h"
#include "common/obs/watchdog.h"
#include "common/os/supervisor.h"
#include "common/rpc/server.h"
#include "controller/api/admin_service.h"
#include "controller/app/control_plane.h"
#include "controller/app/controller_metrics.h"
#include "controller/app/mesh_tunnel.h"
#include "controller/app/operator_desk.h"
#include "controller/app/session_server.h"
#include "controller/app/tunnel_key.h"
#include "controller/audit/attempt_limit.h"
#include "controller/session/enrolment_door.h"
#include "controller/store/memory/memory_store.h"
#include "controller/store/metered_store.h"
#include "controller/store/rocks/rocks_store.h"
#include "controller/trace/decision_traces.h"
#include "controller/trace/trace_exporter.h"
#include "controller/web/web_server.h"

namespace weir::controller {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds k_tunnel_tick{1000};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) return fail(Code::unavailable, "cannot read " + in_quotes(path));
  return std::move(text).str();
}

class ControllerApp {
 public:
  ControllerApp(const ControllerOptions& options, const SiteFiles& files)
      : options_(options), files_(files), log_(options.log_level, options.log_format) {}

  Status run();

 private:
  asio::awaitable<void> main();
  asio::awaitable<Status> start();
  std::string status_line() const;
  asio::awaitable<void> tell_supervisor();
  asio::awaitable<void> stop();
  asio::awaitable<void> watch_signals();
  void request_stop(std::string why, bool failed);

  // start, in order
  Status open_state();
  Status open_traces();
  Status open_tunnel();
  Status serve_enrolment();
  Result<TlsIdentity> session_identity();
  Status serve_sessions();
  Status serve_admin();
  Status serve_metrics();
  Status serve_web();
  asio::awaitable<Result<SignedIn>> sign_in(std::string token, std::string remote);
  asio::awaitable<void> audit_sign_in(const Result<Access>& found, std::string remote);

  asio::awaitable<void> tunnel_loop();
  asio::awaitable<void> sync_tunnel();
  void write_metrics(MetricWriter& out);
  std::int64_t unix_ms() const { return to_unix_ms(clock_.wall_now()); }

  const ControllerOptions& options_;
  const SiteFiles& files_;
  Log log_;
  SystemClock clock_;
  SystemKeySource keys_;
  asio::io_context core_{1};
  asio::thread_pool blocking_{1};
  TaskGroup tasks_{core_.get_executor()};
  TaskGroup watchers_{core_.get_executor()};
  Wakeup stop_asked_{core_.get_executor()};
  bool stopping_ = false;
  Status outcome_;

  std::unique_ptr<MeteredStore> store_;
  PrivateKey tunnel_key_;
  std::unique_ptr<Enroller> enroller_;
  std::unique_ptr<TraceExporter> exporter_;  // nullptr: no tracing, as the next
  std::unique_ptr<DecisionTraces> traces_;
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<AuditLog> audit_;
  AttemptLimits sign_in_attempts_;  // the web thread's
  std::unique_ptr<AccessBook> access_;
  std::unique_ptr<SeriesLoop> series_;
  std::string tunnel_backend_;
  std::unique_ptr<MeshTunnel> tunnel_;
  std::vector<std::unique_ptr<Watch>> watches_;

  Wakeup tunnel_changed_{core_.get_executor()};
  bool tokens_changed_ = true;
  std::int64_t tokens_expire_unix_ms_ = INT64_MAX;
  std::vector<BootstrapPeer> tokens_;

  std::unique_ptr<EnrolmentDoor> door_;
  std::unique_ptr<OperatorDesk> desk_;
  std::unique_ptr<AdminService> admin_;
  RpcRouter enrolment_router_;
  RpcRouter session_router_;
  RpcRouter admin_router_;
  std::unique_ptr<RpcServer> enrolment_server_;
  std::unique_ptr<SessionServer> session_server_;
  std::unique_ptr<RpcServer> admin_server_;
  std::unique_ptr<ApiDoor> api_door_;
  std::unique_ptr<WebServer> web_server_;
  Metrics metrics_;
  std::unique_ptr<HttpStatus> http_;
  bool ready_ = false;
  Supervisor supervisor_ = Supervisor::from_environment();
  Watchdog watchdog_{
      clock_, {}, [this](const std::string& loop, Duration lag) {
        log_.warn("loop.lag",
                  {{"loop", loop}, {"ms", std::chrono::duration_cast<milliseconds>(lag).count()}});
      }};
};

// ---- start

Status ControllerApp::open_state() {
  WEIR_ASSIGN(key, load_or_make_tunnel_key(options_.state_dir, keys_));
  tunnel_key_ = key;
  std::unique_ptr<Store> store;
  if (options_.store == ControllerOptions::StoreKind::memory) {
    store = std::make_unique<MemoryStore>();
  } else {
    RocksStore::Options rocks_options;
    rocks_options.path = options_.state_dir + "/store";
    // Whoever commits, and from whichever thread.
    rocks_options.on_failure = [this](const std::string& why) {
      asio::post(core_, [this, why] { request_stop(why, true); });
    };
    WEIR_ASSIGN(rocks, RocksStore::open(rocks_options));
    store = std::move(rocks);
  }
  store_ = std::make_unique<MeteredStore>(std::move(store), clock_);
  audit_ = std::make_unique<AuditLog>(*store_);
  access_ = std::make_unique<AccessBook>(*store_, keys_);
  Enroller::Options enrol;
  enrol.mesh = options_.mesh;
  enrol.overlay = options_.overlay.to_string();
  enrol.public_endpoint = options_.public_endpoint;
  enrol.tunnel_key = tunnel_key_;
  enrol.certificate_lifetime = options_.certificate_lifetime;
  enrol.regions = options_.regions;
  WEIR_ASSIGN(enroller, Enroller::open(enrol, *store_, keys_, unix_ms()));
  enroller_ = std::move(enroller);
  WEIR_TRY(open_traces());
  plane_ = std::make_unique<ControlPlane>(
      core_.get_executor(),
      ControlPlane::Parts{.options = options_,
                          .clock = clock_,
                          .store = *store_,
                          .enroller = *enroller_,
                          .blocking = blocking_,
                          .log = log_,
                          .version = WEIR_VERSION,
                          .fatal = [this](std::string why) { request_stop(std::move(why), true); },
                          .sync_tunnel = [this] { return sync_tunnel(); },
                          .traces = traces_.get()});
  WEIR_TRY(plane_->load());
  series_ = std::make_unique<SeriesLoop>(*plane_, *store_, log_);
  // The callbacks run on the committing thread: they only post.
  watches_.push_back(store_->watch(std::string(k_agent_rows), [this](const ChangeSet&) {
    asio::post(core_, [this] { plane_->agents_stored(); });
  }));
  watches_.push_back(store_->watch(std::string(k_token_rows), [this](const ChangeSet&) {
    asio::post(core_, [this] {
      tokens_changed_ = true;
      tunnel_changed_.notify();
    });
  }));
  return {};
}

Status ControllerApp::open_traces() {
  if (!options_.tracing) return {};
  const ControllerOptions::Tracing& tracing = *options_.tracing;
  TraceExporter::Options made;
  made.collector = tracing.collector;
  made.source = {.mesh = options_.mesh, .version = WEIR_VERSION};
  if (!tracing.headers.empty()) {
    WEIR_ASSIGN(text, read_file(tracing.headers));
    auto headers = parse_headers(text);
    if (!headers) return fail(std::move(headers).error().within(tracing.headers));
    made.headers = *std::move(headers);
  }
  if (!tracing.ca.empty()) {
    WEIR_ASSIGN(ca, read_file(tracing.ca));
    made.ca_pem = std::move(ca);
  }
  std::array<std::uint8_t, sizeof(std::uint64_t)> seed{};
  keys_.fill(seed);
  Rng random(std::bit_cast<std::uint64_t>(seed));
  made.seed = random.next();
  exporter_ = std::make_unique<TraceExporter>(std::move(made), clock_, log_);
  traces_ = std::make_unique<DecisionTraces>(
      tracing.sample, random, [this](Trace trace) { exporter_->add(std::move(trace)); });
  return exporter_->start();
}

Status ControllerApp::open_tunnel() {
  MeshTunnel::Options made;
  made.decision = decide_tunnel(options_.tunnel.backend, true);
  tunnel_backend_ = std::string(tunnel_kind_name(made.decision.kind));
  log_.info("tunnel.backend", {{"backend", tunnel_backend_},
                               {"reason", made.decision.reason},
                               {"interface", options_.tunnel.interface}});
  made.tunnel = options_.tunnel.options();
  made.tunnel.timestamp_file = std::filesystem::absolute(options_.state_dir) / "tunnel.timestamp";
  made.tunnel.on_end = [this](const std::string& why) {
    asio::post(core_, [this, why] { request_stop("the tunnel ended: " + why, true); });
  };
  made.key = tunnel_key_;
  made.overlay = enroller_->controller_overlay();
  made.overlay_prefix = options_.overlay;
  WEIR_ASSIGN(tunnel, MeshTunnel::create(std::move(made)));
  tunnel_ = std::move(tunnel);
  return {};
}

Status ControllerApp::serve_enrolment() {
  door_ = std::make_unique<EnrolmentDoor>(
      clock_,
      [this](control::v1::EnrolRequest request) { return plane_->enrol(std::move(request)); },
      [this](IpAddress caller, control::v1::RenewLapsedRequest request) {
        return plane_->renew_lapsed(caller, std::move(request));
      },
      [this](const std::string& caller, const std::string& token, const Error& why) {
        plane_->enrolment_refused(caller, token, why);
      });
  door_->serve(enrolment_router_);
  RpcServerOptions limits;
  limits.message_bytes_max = 64 << 10;
  limits.calls_max = 200;
  enrolment_server_ = std::make_unique<RpcServer>(core_.get_executor(), enrolment_router_, limits);
  enrolment_server_->listen_insecure(
      {.address = bootstrap_controller_address(), .port = k_port_enrolment},
      options_.tunnel.interface);
  enrolment_server_->listen_insecure(
      {.address = enroller_->controller_overlay(), .port = k_port_enrolment},
      options_.tunnel.interface);
  return enrolment_server_->start();
}

Result<TlsIdentity> ControllerApp::session_identity() {
  const P256Key key = P256Key::generate();
  WEIR_ASSIGN(certificate, enroller_->issue_controller_certificate(make_csr(key), unix_ms()));
  return TlsIdentity{.certificate_pem = certificate.to_pem(),
                     .key_pem = key.to_pem().reveal(),
                     .ca_pem = enroller_->ca_pem()};
}

Status ControllerApp::serve_sessions() {
  SessionServer::Options made;
  made.listen = {.address = enroller_->controller_overlay(), .port = k_port_session};
  made.device = options_.tunnel.interface;
  made.renew_every = options_.certificate_lifetime / 2;
  made.make_identity = [this] { return session_identity(); };
  made.renewed = [this] { log_.info("session.certificate_renewed"); };
  made.failed = [this](std::string why) { request_stop(std::move(why), true); };
  session_server_ = std::make_unique<SessionServer>(core_.get_executor(), session_router_,
                                                    std::move(made), clock_);
  return session_server_->start();
}

Status ControllerApp::serve_admin() {
  const bool rocks = options_.store == ControllerOptions::StoreKind::rocksdb;
  desk_ = std::make_unique<OperatorDesk>(
      *plane_, OperatorDesk::Parts{.store_kind = rocks ? "rocksdb" : "memory",
                                   .state_dir = options_.state_dir,
                                   .store = *store_,
                                   .series = series_->recorder(),
                                   .audit = *audit_,
                                   .access = *access_,
                                   .log = log_,
                                   .access_ended = [this](const std::string& id) {
                                     if (web_server_) web_server_->end_access(id);
                                   }});
  admin_ = std::make_unique<AdminService>(*desk_, clock_, options_.certificate_roles);
  admin_->serve(admin_router_);
  admin_server_ = std::make_unique<RpcServer>(core_.get_executor(), admin_router_);
  std::error_code problem;
  std::filesystem::create_directories(std::filesystem::path(options_.admin_socket).parent_path(),
                                      problem);
  admin_server_->listen_unix(options_.admin_socket, 0600);
  if (options_.admin_tcp) {
    WEIR_ASSIGN(certificate, read_file(options_.admin_tcp->certificate));
    WEIR_ASSIGN(key, read_file(options_.admin_tcp->key));
    WEIR_ASSIGN(client_ca, read_file(options_.admin_tcp->client_ca));
    desk_->certificate_shown("admin.tcp", options_.admin_tcp->certificate, certificate);
    admin_server_->listen_tls(
        options_.admin_tcp->listen,
        {.certificate_pem = certificate, .key_pem = key, .ca_pem = client_ca});
  }
  return admin_server_->start();
}

Status ControllerApp::serve_metrics() {
  if (!options_.metrics) return {};
  metrics_.add([this](MetricWriter& out) { write_metrics(out); });
  http_ = std::make_unique<HttpStatus>(
      metrics_, [this] { return ready_ ? plane_->store_problem() : "not all of it has started"; });
  WEIR_TRY(http_->listen(core_.get_executor(), *options_.metrics));
  tasks_.spawn("metrics", http_->run());
  return {};
}

/// Whose access token it is. From the web thread; the book blocks.
asio::awaitable<Result<SignedIn>> ControllerApp::sign_in(std::string token, std::string remote) {
  using Found = Result<Access>;
  const Found found = co_await on_blocking<Found>(
      blocking_, [this, token = std::move(token)] { return access_->find(token, unix_ms()); });
  co_await audit_sign_in(found, remote);
  if (!found) co_return fail(found.error());
  log_.info("web.signed_in", {{"name", found->name}, {"role", role_name(found->role)}});
  co_return SignedIn{.name = found->name,
                     .role = std::string(role_name(found->role)),
                     .access_id = found->id,
                     .until = clock_.now() + milliseconds(found->expires_unix_ms - unix_ms())};
}

/// Who came in, and who did not; of those who try again and again, enough to see it.
asio::awaitable<void> ControllerApp::audit_sign_in(const Result<Access>& found,
                                                   std::string remote) {
  admin::v1::AuditEntry entry;
  entry.set_unix_ms(unix_ms());
  entry.set_who(found ? found->name : "unknown");
  if (found) entry.set_role(std::string(role_name(found->role)));
  entry.set_from("web " + remote);
  entry.set_action("SignIn");
  if (!found) entry.set_error(found.error().message());
  const auto left_out = sign_in_attempts_.admit(found ? found->id : "", clock_.now());
  if (!left_out) co_return;
  if (*left_out > 0) entry.set_what(std::to_string(*left_out) + " more before it");
  const Status added =
      co_await on_blocking<Status>(blocking_, [this, &entry] { return audit_->add(entry); });
  if (!added)
    log_.error(
        "audit.lost",
        {{"who", entry.who()}, {"action", entry.action()}, {"why", added.error().message()}});
}

Status ControllerApp::serve_web() {
  if (!options_.web) return {};
  const ControllerOptions::Web& web = *options_.web;
  std::optional<WebServer::Tls> tls;
  if (!web.certificate.empty()) {
    WEIR_ASSIGN(certificate, read_file(web.certificate));
    WEIR_ASSIGN(key, read_file(web.key));
    desk_->certificate_shown("web", web.certificate, certificate);
    tls = WebServer::Tls{.certificate_pem = certificate, .key_pem = key};
  }
  SiteNames names(web.hosts.begin(), web.hosts.end());
  names.insert(web.listen.to_string());
  if (web.listen.address.is_loopback()) {
    names.insert("localhost:" + std::to_string(web.listen.port));
  }
  api_door_ = std::make_unique<ApiDoor>(core_.get_executor(), admin_router_);
  web_server_ = std::make_unique<WebServer>(
      WebServer::Options{.listen = web.listen,
                         .tls = std::move(tls),
                         .site = {.names = std::move(names),
                                  .secure = !web.certificate.empty(),
                                  .mesh = options_.mesh,
                                  .version = WEIR_VERSION,
                                  .role_without_sign_in = web.role_without_sign_in,
                                  .files = files_,
                                  .door = *api_door_,
                                  .sign_in =
                                      [this](std::string token, std::string remote) {
                                        return sign_in(std::move(token), std::move(remote));
                                      },
                                  .keys = keys_,
                                  .clock = clock_}});
  WEIR_TRY(web_server_->start());
  log_.info("web.ready",
            {{"address", web.listen.to_string()},
             {"tls", !web.certificate.empty()},
             {"without_sign_in", web.role_without_sign_in.empty() ? std::string("nothing")
                                                                  : web.role_without_sign_in}});
  return {};
}

asio::awaitable<Status> ControllerApp::start() {
  WEIR_CO_TRY(co_await on_blocking<Status>(blocking_, [this] { return open_state(); }));
  WEIR_CO_TRY(open_tunnel());
  tasks_.spawn("tunnel", tunnel_loop());
  tasks_.spawn("publish", plane_->run());
  tasks_.spawn("steering", plane_->steering().run());
  tasks_.spawn("sessions", plane_->sessions().run());
  tasks_.spawn("series", series_->run());
  // With a disk that is nearly full everything but a change works: agents find what they had.
  Status published = co_await plane_->published();
  if (!published && published.error().code() != Code::resource_exhausted) co_return published;
  plane_->sessions().serve(session_router_);
  WEIR_CO_TRY(serve_sessions());
  WEIR_CO_TRY(serve_enrolment());
  WEIR_CO_TRY(serve_metrics());
  WEIR_CO_TRY(serve_admin());
  WEIR_CO_TRY(serve_web());
  ready_ = true;
  supervisor_.ready(status_line());
  tasks_.spawn("status", tell_supervisor());
  log_.info("controller.ready", {{"version", WEIR_VERSION},
                                 {"mesh", options_.mesh},
                                 {"overlay", enroller_->controller_overlay().to_string()},
                                 {"agents", std::uint64_t{plane_->agents().size()}},
                                 {"generation", plane_->publisher().state().id.generation},
                                 {"socket", options_.admin_socket}});
  co_return Status();
}

// ---- running

std::string ControllerApp::status_line() const {
  const RevisionId revision = plane_->publisher().state().id;
  const std::string problem = plane_->store_problem();
  return "mesh " + options_.mesh + ": revision " + std::to_string(revision.epoch) + "." +
         std::to_string(revision.generation) + ", " + std::to_string(plane_->agents().size()) +
         " agents" + (problem.empty() ? "" : "; " + problem);
}

asio::awaitable<void> ControllerApp::tell_supervisor() {
  while (supervisor_.present() &&
         co_await clock_.sleep_until(clock_.now() + std::chrono::seconds(1))) {
    supervisor_.status(status_line());
  }
}

asio::awaitable<void> ControllerApp::tunnel_loop() {
  while (true) {
    co_await sync_tunnel();
    const auto seen = tunnel_->seen();
    if (seen) plane_->endpoints_seen(*seen);
    if (!tokens_changed_) {
      co_await (tunnel_changed_.wait() || clock_.sleep_for(k_tunnel_tick));
    }
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) co_return;
  }
}

/// Makes the tunnel's peers the mesh's agents and the holders of open tokens.
asio::awaitable<void> ControllerApp::sync_tunnel() {
  if (tokens_changed_ || unix_ms() >= tokens_expire_unix_ms_) {
    tokens_changed_ = false;
    using Peers = Result<std::vector<BootstrapPeer>>;
    const Peers tokens = co_await on_blocking<Peers>(
        blocking_, [this, now = unix_ms()] { return enroller_->bootstrap_peers(now); });
    if (!tokens) {
      log_.error("tunnel.tokens", {{"why", tokens.error().message()}});
      co_return;
    }
    tokens_ = *tokens;
    tokens_expire_unix_ms_ = INT64_MAX;
    for (const BootstrapPeer& token : tokens_) {
      tokens_expire_unix_ms_ = std::min(tokens_expire_unix_ms_, token.expires_unix_ms);
    }
  }
  const Status applied = tunnel_->apply(plane_->peers(), tokens_);
  if (!applied) log_.error("tunnel.apply", {{"why", applied.error().message()}});
}

void ControllerApp::write_metrics(MetricWriter& out) {
  write_controller_metrics(
      {.plane = *plane_,
       .store = store_->counters(),
       .tunnel_backend = tunnel_backend_,
       .tunnel = tunnel_->counters(),
       .web = web_server_ ? std::optional(web_server_->counters()) : std::nullopt,
       .series = series_->counters(),
       .traces = exporter_ ? exporter_->counters() : TraceExporter::Counters{},
       .lags = watchdog_.lags()},
      out);
}

void ControllerApp::request_stop(std::string why, bool failed) {
  if (failed) {
    if (outcome_) log_.error("controller.failed", {{"why", why}});
    if (outcome_) outcome_ = fail(Code::unavailable, why);
  } else {
    log_.info("controller.stopping", {{"why", why}});
  }
  stopping_ = true;
  stop_asked_.notify();
}

asio::awaitable<void> ControllerApp::watch_signals() {
  asio::signal_set signals(core_, SIGINT, SIGTERM);
  for (int count = 0;; ++count) {
    const auto [problem, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (problem) co_return;
    if (count > 0) std::_Exit(128 + number);
    request_stop("signal " + std::to_string(number), false);
  }
}

// ---- stop

asio::awaitable<void> ControllerApp::stop() {
  ready_ = false;
  supervisor_.stopping();
  if (web_server_) {
    // Its calls end on this thread: waited for without blocking it.
    bool ended = false;
    Wakeup woken(core_.get_executor());
    web_server_->begin_stop([this, &ended, &woken] {
      asio::post(core_, [&ended, &woken] {
        ended = true;
        woken.notify();
      });
    });
    while (!ended) co_await woken.wait_to_the_end();
    web_server_->join();
  }
  if (admin_server_) co_await admin_server_->stop();
  if (enrolment_server_) co_await enrolment_server_->stop();
  if (session_server_) co_await session_server_->stop();
  watches_.clear();
  tasks_.stop();
  co_await tasks_.join();
}

asio::awaitable<void> ControllerApp::main() {
  Status started = co_await start();
  if (!started) {
    outcome_ = std::move(started);
  } else {
    while (!stopping_) co_await stop_asked_.wait();
  }
  co_await stop();
  watchers_.stop();
}

Status ControllerApp::run() {
  watchdog_.watch("core", core_.get_executor());
  watchdog_.on_round([this](Duration silence) { supervisor_.alive(clock_.now(), silence); });
  watchdog_.start();
  watchers_.spawn("signals", watch_signals());
  TaskGroup main_task(core_.get_executor());
  main_task.spawn("main", main());
  core_.run();
  blocking_.join();
  tunnel_.reset();
  if (outcome_) log_.info("controller.stopped");
  return outcome_;
}

}  // namespace

Status run_controller(const ControllerOptions& options, const SiteFiles& files) {
  ControllerApp app(options, files);
  return app.run();
}

}  // namespace weir::controller
