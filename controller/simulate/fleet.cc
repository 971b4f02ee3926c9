#include "controller/simulate/fleet.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "common/routing/two_choices.h"
#include "controller/simulate/event_kind.h"

namespace weir::controller {
namespace {

/// Servers an ingress tries before it gives the request back as refused.
constexpr int k_tries_inside = 3;

std::uint32_t slots_of(const Scenario& scenario, const Servers& servers) {
  if (!scenario.autoscaling.on) return servers.endpoints;
  return static_cast<std::uint32_t>(
      std::ceil(servers.endpoints * std::max(1.0, scenario.autoscaling.most)));
}

}  // namespace

Fleet::Fleet(const Scenario& scenario, EventQueue& queue, RequestPool& requests, Rng rng)
    : scenario_(scenario), queue_(queue), requests_(requests), rng_(rng) {
  for (std::uint32_t r = 0; r < scenario.size(); ++r) {
    const Servers& spec = scenario.servers[r];
    RegionState& region = regions_.emplace_back();
    region.first = static_cast<std::uint32_t>(servers_.size());
    region.slots = slots_of(scenario, spec);
    region.error_share = scenario.model.error_share;
    region.up.reserve(region.slots);
    for (std::uint32_t i = 0; i < region.slots; ++i) {
      Server& server = servers_.emplace_back();
      server.region = r;
      server.speed = spec.speed;
      if (i >= spec.endpoints) continue;
      server.state = Server::State::running;
      server.believed_up = true;
      region.up.push_back(region.first + i);
    }
  }
  if (!sharing()) return;
  jobs_.resize(servers_.size());
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    jobs_[i].reserve(scenario.model.queue_limit + workers(servers_[i].region) + 1);
  }
}

std::uint32_t Fleet::pick(RegionState& region) {
  if (region.up.empty()) return k_none;
  const std::uint32_t* up = region.up.data();
  const Server* servers = servers_.data();
  const std::size_t index = less_busy_of_two(
      region.up.size(), rng_, [up, servers](std::size_t n) { return servers[up[n]].in_flight; });
  return up[index];
}

Fleet::Accepted Fleet::accept(Ticks now, std::uint32_t request) {
  RegionState& region = regions_[requests_[request].region];
  requests_[request].refused = false;
  requests_[request].error = false;
  const std::uint32_t wanted = requests_[request].endpoint;
  if (wanted != k_none && wanted < region.slots) {
    return admit(now, region.first + wanted, request);
  }
  Accepted accepted = Accepted::refused;
  for (int n = 0; n < k_tries_inside && accepted == Accepted::refused; ++n) {
    const std::uint32_t server = pick(region);
    if (server == k_none) break;
    accepted = admit(now, server, request);
  }
  return accepted;
}

Fleet::Accepted Fleet::admit(Ticks now, std::uint32_t number, std::uint32_t request) {
  Server& server = servers_[number];
  if (server.state == Server::State::silent) return Accepted::silent;
  if (server.state != Server::State::running && server.state != Server::State::draining) {
    return Accepted::refused;
  }
  const std::uint32_t most = workers(server.region) + scenario_.model.queue_limit;
  if (server.in_flight >= most) return Accepted::refused;
  Request& entry = requests_[request];
  entry.server = number;
  entry.endpoint = number - regions_[server.region].first;
  entry.arrived = now;
  entry.busy_with = server.in_flight;
  ++server.in_flight;
  ++regions_[server.region].in_flight;
  if (sharing() || server.busy < workers(server.region)) {
    begin(now, number, request);
    return Accepted::yes;
  }
  entry.next = k_none;
  (server.queue_tail == k_none ? server.queue_head : requests_[server.queue_tail].next) = request;
  server.queue_tail = request;
  return Accepted::yes;
}

double Fleet::work_of(const Request& request) const {
  const RegionState& region = regions_[request.region];
  return request.error ? request.work * region.error_time : request.work;
}

void Fleet::begin(Ticks now, std::uint32_t number, std::uint32_t request) {
  Server& server = servers_[number];
  Request& entry = requests_[request];
  RegionState& region = regions_[server.region];
  if (region.error_share > 0) {
    // The request's own bits decide, so that the same request fails under every policy.
    const double point = static_cast<double>((entry.luck * 0x9e3779b97f4a7c15U) >> 11U) * 0x1.0p-53;
    entry.error = point < region.error_share;
  }
  if (!sharing()) {
    ++server.busy;
    entry.working = true;
    add_busy(now, region, 1);
    const double ticks = work_of(entry) / server.speed;
    queue_.push(now + static_cast<Ticks>(ticks), event(EventKind::finished, request));
    return;
  }
  serve_shared(now, number);
  auto& jobs = jobs_[number];
  jobs.emplace_back(server.service + work_of(entry), request);
  std::ranges::push_heap(jobs, std::greater<>());
  if (server.busy < workers(server.region)) {
    ++server.busy;
    add_busy(now, region, 1);
  }
  plan_due(now, number);
}

void Fleet::finish(Ticks now, std::uint32_t request) {
  Request& entry = requests_[request];
  entry.working = false;
  const std::uint32_t number = entry.server;
  Server& server = servers_[number];
  --server.busy;
  add_busy(now, regions_[server.region], -1);
  leave(number, entry, now);
  begin_next(now, number);
}

void Fleet::leave(std::uint32_t number, const Request& request, Ticks now) {
  --servers_[number].in_flight;
  --regions_[servers_[number].region].in_flight;
  if (!recent_.empty()) recent_[number].add(request.busy_with, to_ms(now - request.arrived));
}

void Fleet::begin_next(Ticks now, std::uint32_t number) {
  Server& server = servers_[number];
  while (server.queue_head != k_none) {
    const std::uint32_t request = server.queue_head;
    server.queue_head = requests_[request].next;
    if (server.queue_head == k_none) server.queue_tail = k_none;
    if (requests_[request].open || !scenario_.model.drops_abandoned) {
      return begin(now, number, request);
    }
    --server.in_flight;
    --regions_[server.region].in_flight;
    requests_[request].inside = false;
    requests_.release_if_done(request);
  }
}

/// Called before the jobs change: what is there has been served at the rate it was there with.
void Fleet::serve_shared(Ticks now, std::uint32_t number) {
  Server& server = servers_[number];
  if (!jobs_[number].empty()) {
    server.service += static_cast<double>(now - server.served_until) * shared_rate(number);
  }
  server.served_until = now;
}

double Fleet::shared_rate(std::uint32_t number) const {
  const Server& server = servers_[number];
  const double each =
      static_cast<double>(workers(server.region)) / static_cast<double>(jobs_[number].size());
  return server.speed * std::min(1.0, each);
}

void Fleet::plan_due(Ticks now, std::uint32_t number) {
  Server& server = servers_[number];
  const auto& jobs = jobs_[number];
  if (jobs.empty()) return;
  const double left = std::max(0.0, jobs.front().first - server.service);
  const Ticks due = now + static_cast<Ticks>(std::ceil(left / shared_rate(number)));
  // An event that comes too early looks and plans anew; one that would come too late is outrun.
  if (due >= server.due) return;
  server.due = due;
  queue_.push(due, event(EventKind::due, number));
}

void Fleet::take_due(Ticks now, std::uint32_t number, std::vector<std::uint32_t>& done) {
  Server& server = servers_[number];
  if (now != server.due) return;
  server.due = UINT64_MAX;
  serve_shared(now, number);
  auto& jobs = jobs_[number];
  const double reached = server.service * (1 + 1e-12) + 0.5;  // half a nanosecond of rounding
  while (!jobs.empty() && jobs.front().first <= reached) {
    const std::uint32_t request = jobs.front().second;
    std::ranges::pop_heap(jobs, std::greater<>());
    jobs.pop_back();
    leave(number, requests_[request], now);
    done.push_back(request);
  }
  const auto busy =
      static_cast<std::uint32_t>(std::min<std::size_t>(jobs.size(), workers(server.region)));
  add_busy(now, regions_[server.region],
           static_cast<std::int32_t>(busy) - static_cast<std::int32_t>(server.busy));
  server.busy = busy;
  plan_due(now, number);
}

void Fleet::add_busy(Ticks now, RegionState& region, std::int32_t change) {
  region.busy_ticks += static_cast<double>(now - region.counted_to) * region.busy;
  region.counted_to = now;
  region.busy += static_cast<std::uint32_t>(change);
}

double Fleet::busy_ticks(Ticks now, std::size_t region) {
  add_busy(now, regions_[region], 0);
  return regions_[region].busy_ticks;
}

void Fleet::set_speed(Ticks now, std::uint32_t number) {
  Server& server = servers_[number];
  if (sharing()) serve_shared(now, number);
  server.speed = scenario_.servers[server.region].speed * server.warm / server.slow;
  if (sharing()) plan_due(now, number);
}

void Fleet::set_slow(Ticks now, std::uint32_t server, double factor) {
  servers_[server].slow *= factor;
  set_speed(now, server);
}

void Fleet::set_warm(Ticks now, std::uint32_t server, double share) {
  servers_[server].warm = share;
  set_speed(now, server);
}

void Fleet::crash(Ticks now, std::uint32_t number, bool silent, std::vector<std::uint32_t>& lost) {
  Server& server = servers_[number];
  for (std::uint32_t i = server.queue_head; i != k_none; i = requests_[i].next) lost.push_back(i);
  server.queue_head = server.queue_tail = k_none;
  if (sharing()) {
    serve_shared(now, number);
    for (const auto& [service, request] : jobs_[number]) lost.push_back(request);
    jobs_[number].clear();
    server.due = UINT64_MAX;
  } else {
    // What is being worked on has an event in the queue, which finds a ghost.
    for (std::uint32_t i = 0; i < requests_.size(); ++i) {
      Request& request = requests_[i];
      if (request.working && !request.ghost && request.server == number) lost.push_back(i);
    }
  }
  add_busy(now, regions_[server.region], -static_cast<std::int32_t>(server.busy));
  regions_[server.region].in_flight -= server.in_flight;
  server.busy = 0;
  server.in_flight = 0;
  server.state = silent ? Server::State::silent : Server::State::crashed;
}

void Fleet::believe(std::uint32_t number, bool up) {
  Server& server = servers_[number];
  if (server.believed_up == up) return;
  server.believed_up = up;
  server.streak = 0;
  auto& list = regions_[server.region].up;
  if (up) {
    server.joining = false;
    list.insert(std::ranges::lower_bound(list, number), number);
  } else {
    list.erase(std::ranges::find(list, number));
  }
}

std::size_t Fleet::known(std::size_t region) const {
  return static_cast<std::size_t>(std::ranges::count_if(servers_of(region), [](const auto& server) {
    return server.state != Server::State::absent && !server.leaving && !server.joining;
  }));
}

}  // namespace weir::controller
