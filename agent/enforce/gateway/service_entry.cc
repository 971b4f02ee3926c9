#include "agent/enforce/gateway/service_entry.h"

#include <algorithm>

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
  return Choice{std::move(target), nullptr, last_resort};
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
    if (target) return Choice{std::move(target), route.row, panic};
  }
  return std::nullopt;
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
      if (auto choice = choose_in(*chosen, tried)) return choice;
      without.push_back(*chosen);
    }
  }
  for (const std::size_t i : excluded) {
    if (auto choice = choose_in(i, tried)) return choice;
  }
  return std::nullopt;
}

}  // namespace weir::agent
