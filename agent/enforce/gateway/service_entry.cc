#include "agent/enforce/gateway/service_entry.h"

#include <algorithm>

#include "common/routing/room.h"

namespace weir::agent {

bool Tried::has(const TrafficStats::Row& row) const {
  return std::ranges::find(regions, &row) != regions.end();
}

bool Tried::has(const Target& target) const {
  return std::ranges::find(targets, &target) != targets.end();
}

std::optional<Choice> ServiceEntry::choose_server(const Tried& tried, bool last_resort) {
  auto target = less_busy_of_two(
      servers, rng, [&tried](const Target& server) { return server.usable && !tried.has(server); });
  if (!target && last_resort) {
    target = less_busy_of_two(servers, rng,
                              [&tried](const Target& server) { return !tried.has(server); });
  }
  if (!target) return std::nullopt;
  return Choice{.target = std::move(target), .last_resort = last_resort};
}

std::optional<Choice> ServiceEntry::choose_in(std::size_t destination, const Tried& tried) {
  Route& route = destinations[destination];
  const bool panic = routes->panic;
  if (route.own) {
    if (auto choice = choose_server(tried, panic && route.doors.empty())) {
      choice->row = route.row;
      return choice;
    }
  }
  // Best known first: serving, then reachable, then any.
  for (const int wanted : {2, 1, 0}) {
    if (wanted == 0 && !panic) break;
    auto target = less_busy_of_two(route.doors, rng, [&](const Target& door) {
      return (door.usable ? 1 : 0) + (door.usable && door.serves ? 1 : 0) >= wanted &&
             !tried.has(door);
    });
    if (target) return Choice{.target = std::move(target), .row = route.row, .last_resort = panic};
  }
  return std::nullopt;
}

/// In the destination the weights have chosen, or where there is room when that one is full.
std::optional<Choice> ServiceEntry::choose_for(std::size_t chosen,
                                               std::span<const std::size_t> without,
                                               const Tried& tried) {
  const auto waiting = [this](std::size_t i) -> std::uint32_t {
    return destinations[i].row->waiting;
  };
  std::optional<Choice> choice;
  if (!routes->limits.empty() && is_full(routes->limits[chosen], waiting(chosen))) {
    measure_room(routes->limits, routes->overflow, waiting, room_);
    const auto roomy = chooser.choose_again(room_, without);
    if (roomy) choice = choose_in(*roomy, tried);
  }
  if (!choice) choice = choose_in(chosen, tried);
  if (choice && tried.targets.empty()) choice->chosen = destinations[chosen].row;
  return choice;
}

std::optional<Choice> ServiceEntry::choose(const Tried& tried) {
  if (!routes) return std::nullopt;
  std::vector<std::size_t> excluded;
  std::vector<std::size_t> full;
  const std::uint32_t limit = plan.failover.max_in_flight;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    if (tried.has(*destinations[i].row)) {
      excluded.push_back(i);
    } else if (limit > 0 && destinations[i].row->load >= limit) {
      full.push_back(i);
    }
  }
  const bool first = tried.targets.empty();
  for (std::size_t i = 0; tried.stay != nullptr && i < destinations.size(); ++i) {
    if (destinations[i].row != tried.stay) continue;
    if (auto choice = choose_in(i, tried)) return choice;
  }
  // A region without a target left is excluded in its turn; then full ones; then tried ones.
  std::vector<std::size_t> not_now = excluded;
  not_now.insert(not_now.end(), full.begin(), full.end());
  for (const auto* start : {&not_now, &excluded}) {
    std::vector<std::size_t> without = *start;
    while (const auto chosen = first && without.empty()
                                   ? chooser.choose(routes->weights)
                                   : chooser.choose_again(routes->weights, without)) {
      if (auto choice = choose_for(*chosen, without, tried)) return choice;
      without.push_back(*chosen);
    }
  }
  for (const std::size_t i : excluded) {
    if (auto choice = choose_in(i, tried)) return choice;
  }
  return std::nullopt;
}

}  // namespace weir::agent
