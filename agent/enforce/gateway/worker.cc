#include "agent/enforce/gateway/worker.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "agent/enforce/gateway/http_session.h"
#include "agent/enforce/gateway/ingress_session.h"
#include "agent/enforce/gateway/tcp_session.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

constexpr auto k_tick = std::chrono::milliseconds(20);
constexpr auto k_sweep = std::chrono::milliseconds(250);
/// A server under load that refuses would otherwise flood the owner.
constexpr auto k_signal_gap = std::chrono::milliseconds(10);

}  // namespace

Worker::Worker(std::shared_ptr<const Shared> shared, std::uint64_t seed)
    : shared_(std::move(shared)),
      context_(1),
      work_(asio::make_work_guard(context_)),
      tasks_(context_.get_executor()),
      stats_(*shared_->in_flight),
      rng_(seed),
      routes_(shared_->routes.load()),
      endpoints_(shared_->endpoints.load()) {}

Worker::~Worker() {
  if (thread_.joinable()) {
    post([](Worker& worker) { worker.drain(Time::min()); });
    thread_.join();
  }
}

void Worker::start() {
  tasks_.spawn("gateway tick", tick());
  thread_ = std::thread([this] { context_.run(); });
}

void Worker::post(std::function<void(Worker&)> job) {
  asio::post(context_, [this, job = std::move(job)] { job(*this); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::set_plans(std::vector<ServicePlan> plans) {
  std::map<ServiceName, std::shared_ptr<ServiceEntry>> services;
  for (ServicePlan& plan : plans) {
    const ServiceName name = plan.service;
    const auto known = services_.find(name);
    if (known == services_.end()) {
      services[name] = std::make_shared<ServiceEntry>(std::move(plan), rng_.next());
    } else {
      known->second->plan = std::move(plan);
      services[name] = known->second;
    }
  }
  for (auto& [name, entry] : services_) {
    if (services.contains(name)) continue;
    entry->retired = true;
    retired_.push_back(entry);
  }
  services_ = std::move(services);
  rebuild();
}

void Worker::listen(const ServiceName& service, std::shared_ptr<Acceptor> acceptor) {
  if (draining_) return;
  listeners_[service] = acceptor;
  tasks_.spawn("gateway listener", accept(std::move(acceptor), service));
}

void Worker::listen_ingress(std::shared_ptr<Acceptor> acceptor) {
  if (draining_) return;
  boost::system::error_code ignored;
  if (ingress_) ingress_->close(ignored);
  ingress_ = acceptor;
  tasks_.spawn("ingress listener", accept(std::move(acceptor), std::nullopt));
}

void Worker::close_listener(const ServiceName& service) {
  const auto found = listeners_.find(service);
  if (found == listeners_.end()) return;
  boost::system::error_code ignored;
  found->second->close(ignored);
  listeners_.erase(found);
}

std::shared_ptr<ServiceEntry> Worker::service(const ServiceName& name) {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : found->second;
}

std::list<Session*>::iterator Worker::enter(Session& session) {
  return sessions_.insert(sessions_.end(), &session);
}

asio::awaitable<void> Worker::accept(std::shared_ptr<Acceptor> acceptor,
                                     std::optional<ServiceName> name) {
  while (acceptor->is_open()) {
    asio::ip::tcp::socket socket(context_);
    const auto [problem] =
        co_await acceptor->async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (!acceptor->is_open()) break;
    if (problem) {  // out of descriptors, or the client has gone again
      co_await shared_->clock.sleep_for(k_tick);
      continue;
    }
    if (sessions_.size() >= options().connections_max) {
      stats_.client_refused();
      continue;
    }
    set_up(socket);
    stats_.client_accepted();
    if (!name) {
      tasks_.spawn("ingress", run_ingress_session(*this, std::move(socket)));
      continue;
    }
    auto entry = service(*name);
    if (!entry) continue;
    ClientConnection client(std::move(socket));
    if (entry->plan.protocol == Protocol::http) {
      tasks_.spawn("http", run_http_session(*this, std::move(entry), std::move(client)));
    } else {
      tasks_.spawn("tcp", run_tcp_session(*this, std::move(entry), std::move(client)));
    }
  }
}

asio::awaitable<void> Worker::tick() {
  Time next_sweep = now();
  while (!drained_ && co_await shared_->clock.sleep_for(k_tick)) {
    refresh();
    look_after();
    if (now() >= next_sweep) {
      close_idle();
      next_sweep = now() + k_sweep;
    }
    end_if_drained();
  }
}

void Worker::look_after() {
  const Time time = now();
  if (draining_ && time >= cut_at_) {
    for (Session* session : sessions_) session->on_cut();
  }
  for (Session* session : sessions_) {
    if (session->deadline <= time) session->on_deadline();
  }
}

void Worker::close_idle() {
  const Time old = now() - options().idle_upstream;
  std::erase_if(targets_, [old](auto& entry) {
    entry.second->close_idle_since(old);
    // Nobody but this map: no route leads there and no attempt is under way.
    return entry.second.use_count() == 1;
  });
}

void Worker::drain(Time until) {
  cut_at_ = std::min(cut_at_, until);
  if (std::exchange(draining_, true)) return;
  boost::system::error_code ignored;
  for (const auto& [name, acceptor] : listeners_) acceptor->close(ignored);
  if (ingress_) ingress_->close(ignored);
  for (Session* session : sessions_) session->on_drain();
}

void Worker::end_if_drained() {
  if (!draining_ || !sessions_.empty() || tasks_.size() > 1) return;
  targets_.clear();
  services_.clear();
  drained_ = true;
  work_.reset();
}

void Worker::refresh() {
  auto routes = shared_->routes.load();
  auto endpoints = shared_->endpoints.load();
  if (routes == routes_ && endpoints == endpoints_) return;
  routes_ = std::move(routes);
  endpoints_ = std::move(endpoints);
  rebuild();
}

std::shared_ptr<Target> Worker::target(const ServiceName& service, const Endpoint& address,
                                       bool ingress) {
  auto& target = targets_[{service, address, ingress}];
  if (!target) {
    target = std::make_shared<Target>();
    target->service = service;
    target->address = address;
    target->ingress = ingress;
    target->in_flight = shared_->in_flight->of_target(service, address, ingress);
  }
  return target;
}

void Worker::rebuild() {
  // What no table names any more is gone for new requests and in vain for those under way.
  for (auto& [key, target] : targets_) target->usable = false;
  for (auto& [name, entry] : services_) rebuild_service(*entry);
  std::erase_if(retired_, [](const auto& entry) { return entry.expired(); });
  for (const auto& entry : retired_) rebuild_service(*entry.lock());
  // What was kept leads through a path or to a server that may be another one when it is back.
  for (auto& [key, target] : targets_) {
    if (!target->usable) target->idle.clear();
  }
  for (Session* session : sessions_) session->on_tables();
}

void Worker::rebuild_service(ServiceEntry& entry) {
  entry.servers.clear();
  for (const LocalEndpoints::Service& local : endpoints_->services) {
    if (local.service != entry.plan.service) continue;
    for (const LocalEndpoints::Entry& server : local.endpoints) {
      entry.servers.push_back(target(entry.plan.service, server.endpoint, false));
      entry.servers.back()->usable = server.healthy;
    }
  }
  auto routes = routes_->find(entry.plan.service);
  if (routes || !entry.retired) entry.routes = std::move(routes);
  entry.destinations.clear();
  if (!entry.routes) return;
  for (const Destination& destination : entry.routes->destinations) {
    ServiceEntry::Route route{
        &stats_.row(entry.plan.service, destination.region), destination.own, {}};
    for (const Doorway& door : destination.doors) {
      route.doors.push_back(
          target(entry.plan.service, {door.peer.overlay, options().ingress_port}, true));
      route.doors.back()->usable = door.up;
      route.doors.back()->serves = door.serves;
    }
    entry.destinations.push_back(std::move(route));
  }
}

void Worker::signal(Target& target, EndpointSignal::Kind kind) {
  if (target.ingress || !shared_->on_signal) return;
  const bool trouble = kind != EndpointSignal::Kind::ok;
  if (!trouble && !target.troubled) return;
  const Time time = now();
  if (trouble && target.troubled && time - target.last_signal < k_signal_gap) return;
  target.troubled = trouble;
  target.last_signal = time;
  asio::post(shared_->callbacks,
             [shared = shared_, signal = EndpointSignal{target.service, target.address, kind}] {
               shared->on_signal(signal);
             });
}

}  // namespace weir::agent
