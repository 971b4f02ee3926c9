#include "agent/enforce/gateway/gateway.h"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <future>
#include <map>
#include <string>
#include <utility>

#include "agent/enforce/gateway/worker.h"
#include "common/sim/rng.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

using Acceptor = Worker::Acceptor;

constexpr int k_backlog = 4096;

/// Several workers share a port: the kernel spreads the connections over their listeners.
Result<std::shared_ptr<Acceptor>> open_listener(asio::io_context& context, const Endpoint& address,
                                                const std::string& device) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  const auto endpoint = to_asio(address);
  auto acceptor = std::make_shared<Acceptor>(context);
  boost::system::error_code problem;
  acceptor->open(endpoint.protocol(), problem);
  if (!problem) acceptor->set_option(asio::socket_base::reuse_address(true), problem);
  if (!problem) acceptor->set_option(ReusePort(true), problem);
  if (!problem && !device.empty() &&
      ::setsockopt(acceptor->native_handle(), SOL_SOCKET, SO_BINDTODEVICE, device.data(),
                   static_cast<socklen_t>(device.size())) != 0) {
    problem.assign(errno, boost::system::system_category());
  }
  if (!problem) acceptor->bind(endpoint, problem);
  if (!problem) acceptor->listen(k_backlog, problem);
  if (problem) {
    return fail(Code::unavailable,
                "cannot listen on " + address.to_string() + ": " + problem.message());
  }
  return acceptor;
}

}  // namespace

struct Gateway::State {
  std::shared_ptr<const Worker::Shared> shared;
  std::vector<std::unique_ptr<Worker>> workers;
  std::map<ServiceName, std::uint16_t> wanted;  // ports of the listeners there should be
  std::map<ServiceName, Endpoint> listeners;    // that are open
  std::optional<Endpoint> ingress;

  /// One listener per worker, all on the port the first one got.
  Result<std::vector<std::shared_ptr<Acceptor>>> open(Endpoint& address,
                                                      const std::string& device = {}) {
    std::vector<std::shared_ptr<Acceptor>> acceptors;
    for (const auto& worker : workers) {
      WEIR_ASSIGN(acceptor, open_listener(worker->context(), address, device));
      address.port = acceptor->local_endpoint().port();
      acceptors.push_back(std::move(acceptor));
    }
    return acceptors;
  }
};

Gateway::Gateway(GatewayOptions options, const Snapshot<RoutingTable>& routes,
                 const Snapshot<LocalEndpoints>& endpoints, Clock& clock,
                 asio::any_io_executor callbacks, OnSignal on_signal, std::uint64_t seed)
    : state_(std::make_unique<State>()) {
  const unsigned workers = std::max(1U, options.workers);
  state_->shared = std::make_shared<const Worker::Shared>(Worker::Shared{
      std::move(options), routes, endpoints, clock, std::move(callbacks), std::move(on_signal)});
  Rng rng(seed);
  for (unsigned n = 0; n < workers; ++n) {
    state_->workers.push_back(std::make_unique<Worker>(state_->shared, rng.next()));
  }
}

Gateway::~Gateway() = default;

Status Gateway::start() {
  for (const auto& worker : state_->workers) worker->start();
  return {};
}

Status Gateway::set_services(std::span<const ServicePlan> services) {
  const std::vector<ServicePlan> plans(services.begin(), services.end());
  for (const auto& worker : state_->workers) {
    worker->post([plans](Worker& self) { self.set_plans(plans); });
  }
  std::map<ServiceName, std::uint16_t>& wanted = state_->wanted;
  wanted.clear();
  for (const ServicePlan& plan : services) wanted[plan.service] = plan.listen_port;
  std::erase_if(state_->listeners, [&](const auto& open) {
    const auto found = wanted.find(open.first);
    const bool stays =
        found != wanted.end() && (found->second == 0 || found->second == open.second.port);
    if (stays) return false;
    for (const auto& worker : state_->workers) {
      worker->post([name = open.first](Worker& self) { self.close_listener(name); });
    }
    return true;
  });
  return open_listeners();
}

Status Gateway::open_listeners() {
  std::string problems;
  for (const auto& [name, port] : state_->wanted) {
    if (state_->listeners.contains(name)) continue;
    Endpoint address{state_->shared->options.listen, port};
    auto acceptors = state_->open(address);
    if (!acceptors) {
      if (!problems.empty()) problems += "; ";
      problems += std::move(acceptors).error().within("service " + name.value()).message();
      continue;
    }
    state_->listeners[name] = address;
    for (std::size_t n = 0; n < state_->workers.size(); ++n) {
      state_->workers[n]->post(
          [name, acceptor = (*acceptors)[n]](Worker& self) { self.listen(name, acceptor); });
    }
  }
  if (!problems.empty()) return fail(Code::unavailable, problems);
  return {};
}

std::size_t Gateway::listeners_missing() const {
  return state_->wanted.size() - state_->listeners.size();
}

std::vector<asio::any_io_executor> Gateway::executors() const {
  std::vector<asio::any_io_executor> executors;
  for (const auto& worker : state_->workers) {
    executors.emplace_back(worker->context().get_executor());
  }
  return executors;
}

Status Gateway::set_ingress(const Endpoint& address) {
  Endpoint bound = address;
  auto acceptors = state_->open(bound, state_->shared->options.ingress_device);
  if (!acceptors) return fail(std::move(acceptors).error().within("ingress"));
  state_->ingress = bound;
  for (std::size_t n = 0; n < state_->workers.size(); ++n) {
    state_->workers[n]->post(
        [acceptor = (*acceptors)[n]](Worker& self) { self.listen_ingress(acceptor); });
  }
  return {};
}

std::optional<Endpoint> Gateway::listener(const ServiceName& service) const {
  const auto found = state_->listeners.find(service);
  if (found == state_->listeners.end()) return std::nullopt;
  return found->second;
}

std::optional<Endpoint> Gateway::ingress() const { return state_->ingress; }

void Gateway::refresh() {
  for (const auto& worker : state_->workers) worker->post([](Worker& self) { self.refresh(); });
}

void Gateway::settle() {
  for (const auto& worker : state_->workers) {
    auto done = std::make_shared<std::promise<void>>();
    worker->post([done](Worker&) { done->set_value(); });
    done->get_future().wait();
  }
}

GatewayTraffic Gateway::collect() {
  TrafficStats::Collected collected;
  for (const auto& worker : state_->workers) worker->stats().collect(collected);
  GatewayTraffic traffic = std::move(collected.totals);
  for (auto& [key, row] : collected.rows) {
    row.service = key.first;
    row.region = key.second;
    traffic.destinations.push_back(row);
  }
  traffic.endpoints = state_->shared->in_flight->servers();
  return traffic;
}

asio::awaitable<void> Gateway::stop(std::chrono::milliseconds patience) {
  Clock& clock = state_->shared->clock;
  const Time until = clock.now() + patience;
  for (const auto& worker : state_->workers) {
    worker->post([until](Worker& self) { self.drain(until); });
  }
  const auto drained = [this] {
    return std::ranges::all_of(state_->workers,
                               [](const auto& worker) { return worker->drained(); });
  };
  while (!drained()) {
    if (!co_await clock.sleep_for(std::chrono::milliseconds(5))) break;
  }
  for (const auto& worker : state_->workers) {
    worker->post([](Worker& self) { self.drain(Time::min()); });
    worker->join();
  }
}

}  // namespace weir::agent
