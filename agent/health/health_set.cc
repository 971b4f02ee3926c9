#include "agent/health/health_set.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <set>
#include <utility>

#include "agent/health/health_checker.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

/// A server that answers no check at all shall not keep the others unheard of.
constexpr auto k_settle_max = std::chrono::seconds(2);

}  // namespace

HealthSet::HealthSet(asio::any_io_executor executor, Clock& clock, Rng rng, MakeTransport transport,
                     Report report)
    : executor_(std::move(executor)),
      clock_(clock),
      rng_(rng),
      make_transport_(std::move(transport)),
      report_(std::move(report)),
      tasks_(executor_) {}

HealthSet::~HealthSet() = default;

void HealthSet::set_wanted(const std::vector<WantedChecks>& wanted) {
  std::set<ServiceName> names;
  for (const WantedChecks& one : wanted) {
    if (!names.insert(one.service).second) continue;
    const auto [entry, added] = services_.try_emplace(one.service);
    if (added) entry->second.wanted_since = clock_.now();
    reconcile(entry->second, one);
  }
  std::erase_if(services_, [&](const auto& entry) {
    if (names.contains(entry.first)) return false;
    stop_all(entry.second);
    retire(entry.second.transport);
    return true;
  });
}

void HealthSet::reconcile(Service& service, const WantedChecks& wanted) {
  const bool same_check = !service.checkers.empty() && service.spec == wanted.spec;
  if (!same_check) {
    retire(std::move(service.transport));
    service.spec = wanted.spec;
    service.transport =
        wanted.spec.kind == HealthCheckSpec::Kind::none ? nullptr : make_transport_(wanted.spec);
  }
  std::map<Endpoint, std::shared_ptr<HealthChecker>> next;
  for (const Endpoint& endpoint : wanted.endpoints) {
    if (next.contains(endpoint)) continue;
    const auto known = service.checkers.find(endpoint);
    const HealthChecker* before = known == service.checkers.end() ? nullptr : known->second.get();
    if (before != nullptr && same_check) {
      next.emplace(endpoint, std::move(known->second));
      service.checkers.erase(known);
    } else {
      next.emplace(endpoint, start(service, wanted, endpoint, before));
    }
  }
  stop_all(service);
  service.checkers = std::move(next);
}

std::shared_ptr<HealthChecker> HealthSet::start(const Service& service, const WantedChecks& wanted,
                                                const Endpoint& endpoint,
                                                const HealthChecker* before) {
  EndpointState state{wanted.service, endpoint, false, "not checked yet",
                      to_unix_ms(clock_.wall_now())};
  std::optional<bool> known;
  if (before != nullptr && before->machine().known()) {
    known = before->machine().known();
    state = before->state();
  }
  if (wanted.spec.kind == HealthCheckSpec::Kind::none) {
    state.healthy = true;
    state.reason = "not checked, as configured";
  } else if (!service.transport) {
    state.healthy = false;
    state.reason = "this agent cannot run a check of this kind";
  }
  auto checker = std::make_shared<HealthChecker>(
      executor_, std::move(state), HealthMachine(wanted.spec, rng_.fork(), clock_.now(), known),
      wanted.spec.timeout, service.transport, clock_,
      [this](const EndpointState& changed) { report_({changed}); });
  if (service.transport) tasks_.spawn("health check", HealthChecker::run(checker));
  return checker;
}

void HealthSet::stop_all(const Service& service) {
  for (const auto& [endpoint, checker] : service.checkers) checker->stop();
}

void HealthSet::report_failure(const ServiceName& service, const Endpoint& endpoint,
                               std::string reason) {
  const auto found = services_.find(service);
  if (found == services_.end() || !found->second.transport) return;
  const auto checker = found->second.checkers.find(endpoint);
  if (checker != found->second.checkers.end()) checker->second->report_failure(std::move(reason));
}

std::vector<EndpointState> HealthSet::snapshot() const {
  std::vector<EndpointState> states;
  for (const auto& [name, service] : services_) {
    for (const auto& [endpoint, checker] : service.checkers) states.push_back(checker->state());
  }
  return states;
}

/// What needs no check, or cannot be checked here, is as its state says.
bool HealthSet::is_known(const Service& service, const HealthChecker& checker) {
  return !service.transport || checker.machine().known();
}

std::vector<EndpointState> HealthSet::known() const {
  std::vector<EndpointState> states;
  for (const auto& [name, service] : services_) {
    for (const auto& [endpoint, checker] : service.checkers) {
      if (is_known(service, *checker)) states.push_back(checker->state());
    }
  }
  return states;
}

bool HealthSet::settled() {
  bool all = true;
  for (auto& [name, service] : services_) {
    service.settled = service.settled || clock_.now() - service.wanted_since >= k_settle_max ||
                      std::ranges::all_of(service.checkers, [&service](const auto& entry) {
                        return is_known(service, *entry.second);
                      });
    all = all && service.settled;
  }
  return all;
}

void HealthSet::stop() { tasks_.stop(); }

asio::awaitable<void> HealthSet::join() {
  co_await tasks_.join();
  for (auto& [name, service] : services_) retire(std::move(service.transport));
  for (const auto& transport : retired_) co_await transport->stop();
  retired_.clear();
}

void HealthSet::retire(std::shared_ptr<CheckTransport> transport) {
  if (!transport) return;
  retired_.push_back(transport);
  tasks_.spawn("end of health checks", let_go(std::move(transport)));
}

/// A check under way ends with its connections; when the set stops first, `join` does the rest.
asio::awaitable<void> HealthSet::let_go(std::shared_ptr<CheckTransport> transport) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await transport->stop();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none) std::erase(retired_, transport);
}

}  // namespace weir::agent
