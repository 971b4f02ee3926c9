#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/enforce/gateway/retry_budget.h"
#include "agent/enforce/gateway/target.h"
#include "agent/enforce/gateway/traffic_stats.h"
#include "agent/enforce/routing_table.h"
#include "common/routing/chooser.h"

namespace weir::agent {

/// What a request has tried so far, so that it is tried elsewhere next. Bounded by `k_tries_max`.
struct Tried {
  std::vector<const TrafficStats::Row*> regions;
  std::vector<const Target*> targets;
  TrafficStats::Row* from = nullptr;        // of the last one
  const TrafficStats::Row* stay = nullptr;  // another server of this region first

  bool has(const TrafficStats::Row& row) const;
  bool has(const Target& target) const;
};

/// Of one request, as long as no server can have begun with it.
inline constexpr std::size_t k_tries_max = 3;

/// Where the next attempt goes.
struct Choice {
  std::shared_ptr<Target> target;
  TrafficStats::Row* row = nullptr;     // of the region; null at the ingress
  TrafficStats::Row* chosen = nullptr;  // whom the weights had chosen; null for a retry
  bool last_resort = false;
};

/// One service on one worker: its plan, its routes with their targets, its chooser. Sessions hold
/// it while they live; the worker replaces its tables under them. Worker's thread only.
struct ServiceEntry {
  struct Route {
    TrafficStats::Row* row = nullptr;
    bool own = false;
    TargetList doors;
  };

  ServiceEntry(ServicePlan of, std::uint64_t seed)
      : plan(std::move(of)), chooser(seed), rng(seed) {}

  ServicePlan plan;
  bool retired = false;                         // in no plan any more: ends with its connections
  std::shared_ptr<const ServiceRoutes> routes;  // null: in no table so far
  std::vector<Route> destinations;              // as in `routes`
  TargetList servers;                           // of this cluster
  WeightedChooser chooser;
  Rng rng;
  RetryBudget retries;  // of requests that had been sent

  /// For the gateway: the region by weight, or one with room when that is full, then a server here
  /// or a door there. Regions that were tried come again only when a target is left that was not.
  /// Nothing: nowhere left to go.
  std::optional<Choice> choose(const Tried& tried);
  /// For the ingress: a healthy server here; any server as the last resort.
  std::optional<Choice> choose_server(const Tried& tried, bool last_resort);

 private:
  std::optional<Choice> choose_in(std::size_t destination, const Tried& tried);
  std::optional<Choice> choose_for(std::size_t chosen, std::span<const std::size_t> without,
                                   const Tried& tried);

  std::vector<double> room_;
};

}  // namespace weir::agent
