#include "agent/enforce/failover_machine.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "common/routing/room.h"

namespace weir::agent {
namespace {

constexpr Ratio k_fade_step{0.1};

bool permitted(const ServicePlan& plan, const RegionName& region) {
  const auto& allowed = plan.guards.residency;
  return allowed.empty() || std::ranges::find(allowed, region) != allowed.end();
}

std::string percent(double share) {
  return std::to_string(static_cast<int>(std::lround(share * 100))) + " %";
}

std::size_t tier_of(const FailoverSpec& spec, const RegionName& region) {
  for (std::size_t tier = 0; tier < spec.tiers.size(); ++tier) {
    const auto& regions = spec.tiers[tier];
    if (std::ranges::find(regions, region) != regions.end()) return tier;
  }
  return 0;
}

std::string state_text(const DestinationMachine& machine, const FailoverSpec& spec, double weight,
                       Time now) {
  const DestinationFacts& facts = machine.facts();
  switch (machine.state()) {
    case DestinationMachine::State::starting:
      return "waiting: " + facts.trouble;
    case DestinationMachine::State::away:
      return facts.works ? "held away" : "down: " + facts.trouble;
    case DestinationMachine::State::ramping:
      return "ramping " + percent(machine.ramp(spec, now));
    case DestinationMachine::State::active:
      break;
  }
  if (weight <= 0) return "standby";
  return facts.factor < 1 ? "spilling " + percent(1 - facts.factor) : "active";
}

}  // namespace

Status FailoverMachine::apply(const Revision& revision, Time now) {
  WEIR_TRY(validate(revision));
  std::map<AgentId, Path> paths;
  for (const MeshPeer& peer : revision.peers) {
    if (peer.controller) continue;
    Path path{
        {peer.agent, peer.region, peer.overlay}, std::nullopt, "not heard of yet", std::nullopt};
    const auto known = paths_.find(peer.agent);
    if (known != paths_.end()) {
      path.up = known->second.up;
      path.reason = known->second.reason;
      path.lost_at = known->second.lost_at;
    }
    paths.emplace(peer.agent, std::move(path));
  }
  std::map<ServiceName, Service> services;
  for (const ServicePlan& plan : revision.services) {
    Service service;
    const auto known = services_.find(plan.service);
    if (known != services_.end()) service = known->second;
    const std::vector<Weight> previous = std::move(service.plan.weights);
    service.plan = plan;
    service.wanted = plan.weights;
    service.plan.weights = previous;
    WEIR_TRY(guard_weights(service, now));
    services.emplace(plan.service, std::move(service));
  }
  paths_ = std::move(paths);
  services_ = std::move(services);
  std::erase_if(spoken_, [&](const auto& entry) { return !paths_.contains(entry.first); });
  own_region_ = revision.self.region;
  if (!controller_heard_ && !silent_since_) silent_since_ = now;
  changed_ = true;
  return {};
}

Status FailoverMachine::guard_weights(Service& service, Time now) {
  const auto& wanted = service.faded ? service.plan.configured : service.wanted;
  std::vector<RegionName> known;
  for (const Weight& weight : wanted) known.push_back(weight.region);
  GuardSpec guards = service.plan.guards;
  if (service.faded) guards.max_step = std::min(guards.max_step, k_fade_step);
  auto safe = to_safe_set(service.plan.weights, as_proposal(wanted), guards, known);
  if (!safe) {
    return fail(std::move(safe).error().within("service " + service.plan.service.value()));
  }
  service.plan.weights = std::move(safe->weights);
  service.next_step = std::nullopt;
  if (!safe->settled) service.next_step = now + k_step_interval;
  std::erase_if(service.destinations, [&](const auto& entry) {
    return !permitted(service.plan, entry.first) ||
           std::ranges::find(service.plan.weights, entry.first, &Weight::region) ==
               service.plan.weights.end();
  });
  for (const Weight& weight : service.plan.weights) {
    // A guard gone wrong would send data where it may not go.
    if (permitted(service.plan, weight.region)) service.destinations.try_emplace(weight.region);
  }
  return {};
}

void FailoverMachine::on_controller(bool heard, Time now) {
  controller_heard_ = heard;
  if (heard) {
    silent_since_.reset();
  } else if (!silent_since_) {
    silent_since_ = now;
  }
  changed_ = true;
}

/// Lets the configured weights take the place of the others, or the others theirs again.
void FailoverMachine::fade(Service& service, Time now) {
  const bool may = service.plan.weights_ttl.count() > 0 && !service.plan.configured.empty();
  const bool over = may && silent_since_ && now - *silent_since_ >= service.plan.weights_ttl;
  if (may && silent_since_ && !over) wake_at(*silent_since_ + service.plan.weights_ttl);
  if (over == service.faded) return;
  service.faded = over;
  service.next_step = now;
  note(over ? "weights.faded" : "weights.back", over ? "warn" : "info", own_region_,
       service.plan.service,
       over ? "no controller for " + std::to_string(service.plan.weights_ttl.count()) +
                  " s: the configured weights take over"
            : "the controller is heard again: its weights hold");
}

void FailoverMachine::on_path(const PathEvent& event, Time now) {
  const auto found = paths_.find(event.to);
  if (found == paths_.end()) return;
  if (found->second.up.value_or(false) && !event.up) found->second.lost_at = now;
  found->second.up = event.up;
  found->second.reason = event.reason;
  changed_ = true;
}

void FailoverMachine::on_agent_health(const AgentId& agent, std::span<const RegionHealth> said,
                                      Time) {
  if (!paths_.contains(agent)) return;
  changed_ = true;
  Spoken& spoken = spoken_[agent];
  spoken.silent = said.empty();
  if (said.empty()) return;
  spoken.services.clear();
  for (const RegionHealth& health : said) {
    const double share = std::isfinite(health.healthy_share.value())
                             ? std::clamp(health.healthy_share.value(), 0.0, 1.0)
                             : 0;
    const auto all = static_cast<double>(health.endpoints);
    spoken.services[health.service] = {share * all, all};
  }
}

void FailoverMachine::on_local_health(std::span<const EndpointState> states, Time) {
  local_.clear();
  local_known_ = true;
  changed_ = true;
  for (const EndpointState& state : states) {
    Servers& servers = local_[state.service];
    servers.all += 1;
    servers.healthy += state.healthy ? 1 : 0;
  }
}

void FailoverMachine::on_results(const DestinationResults& results, Time now) {
  const auto service = services_.find(results.service);
  if (service == services_.end()) return;
  const auto found = service->second.destinations.find(results.region);
  if (found == service->second.destinations.end()) return;
  const FailoverSpec& spec = service->second.plan.failover;
  DestinationMachine& machine = found->second;
  // What still comes back from a destination already left says nothing new about it.
  if (machine.usable()) machine.errors.add(results.ended, results.failed, spec.error_window, now);
  machine.room.look(results.in_flight, spec.max_in_flight);
  changed_ = true;
}

bool FailoverMachine::path_up(const AgentId& agent) const {
  const auto found = paths_.find(agent);
  return found != paths_.end() && found->second.up.value_or(false);
}

std::optional<double> FailoverMachine::healthy_share(const ServiceName& service,
                                                     const RegionName& region) const {
  Servers fresh;
  Servers silent;
  bool any_fresh = false;
  bool any_silent = false;
  const auto add = [&service](Servers& to, const std::map<ServiceName, Servers>& from) {
    const auto found = from.find(service);
    if (found == from.end()) return;
    to.healthy += found->second.healthy;
    to.all += found->second.all;
  };
  if (region == own_region_ && local_known_) {
    any_fresh = true;
    add(fresh, local_);
  }
  for (const auto& [agent, spoken] : spoken_) {
    if (paths_.at(agent).peer.region != region || !path_up(agent)) continue;
    (spoken.silent ? any_silent : any_fresh) = true;
    add(spoken.silent ? silent : fresh, spoken.services);
  }
  if (!any_fresh && !any_silent) return std::nullopt;
  const Servers& servers = any_fresh ? fresh : silent;
  return servers.all > 0 ? servers.healthy / servers.all : 0;
}

std::string FailoverMachine::path_trouble(const RegionName& region) const {
  if (region == own_region_) return {};
  std::string trouble = "no agent in the region";
  for (const auto& [agent, path] : paths_) {
    if (path.peer.region != region) continue;
    if (path.up.value_or(false)) return {};
    trouble = "path to " + agent.value() + " down: " + path.reason;
  }
  return trouble;
}

DestinationFacts FailoverMachine::facts_of(const Service& service, const RegionName& region,
                                           const DestinationMachine& machine, Time now) const {
  const FailoverSpec& spec = service.plan.failover;
  DestinationFacts facts;
  facts.trouble = path_trouble(region);
  facts.reachable = facts.trouble.empty();
  const double share = healthy_share(service.plan.service, region).value_or(1);
  if (facts.trouble.empty() && (share <= 0 || share < spec.healthy_share_below.value())) {
    facts.trouble = percent(share) + " of the servers healthy";
    facts.trigger = FailoverTrigger::servers;
  }
  if (facts.trouble.empty() && spec.error_share_above.value() > 0) {
    const auto errors = machine.errors.share(spec.error_min_requests, spec.error_window, now);
    if (errors && *errors > spec.error_share_above.value()) {
      facts.trouble = percent(*errors) + " of the requests failed";
      facts.trigger = FailoverTrigger::errors;
    }
  }
  facts.works = facts.trouble.empty();
  const double spill_below = spec.spill_below.value();
  if (spill_below > 0) facts.factor = std::clamp(share / spill_below, 0.0, 1.0);
  facts.factor *= machine.room.share();
  return facts;
}

std::vector<Doorway> FailoverMachine::doors_of(const ServiceName& service,
                                               const RegionName& region) const {
  std::vector<Doorway> doors;
  for (const auto& [agent, path] : paths_) {
    if (path.peer.region != region) continue;
    Doorway door{path.peer, path.up.value_or(false), true};
    const auto spoken = spoken_.find(agent);
    if (spoken != spoken_.end() && !spoken->second.services.empty()) {
      const auto servers = spoken->second.services.find(service);
      door.serves = servers != spoken->second.services.end() && servers->second.healthy > 0;
    }
    doors.push_back(std::move(door));
  }
  return doors;
}

/// True when this agent has just lost every path, and more than one at once: one alone says nothing
/// about whose fault it is.
bool FailoverMachine::update_isolation(Time now) {
  bool heard = false;
  bool any_up = false;
  int lost_together = 0;
  for (const auto& [agent, path] : paths_) {
    heard = heard || path.up.has_value();
    any_up = any_up || path.up.value_or(false);
    lost_together += path.lost_at && now - *path.lost_at <= k_together ? 1 : 0;
  }
  const bool isolated = heard && !any_up;
  if (isolated == isolated_) return false;
  isolated_ = isolated;
  const std::string agents = std::to_string(paths_.size());
  note(isolated ? "agent.isolated" : "agent.rejoined", isolated ? "error" : "info", own_region_, {},
       isolated ? "no path to any of " + agents +
                      " agents: this agent suspects itself and serves what it can reach here"
                : "paths to other agents are up again");
  return isolated && lost_together >= 2;
}

void FailoverMachine::excuse_destinations(Time now) {
  for (auto& [name, service] : services_) {
    for (auto& [region, machine] : service.destinations) machine.excuse(k_together, now);
  }
}

void FailoverMachine::step_destination(Service& service, const RegionName& region,
                                       DestinationMachine& machine, Time now) {
  const FailoverSpec& spec = service.plan.failover;
  const DestinationFacts facts = facts_of(service, region, machine, now);
  const ServiceName& name = service.plan.service;
  switch (machine.step(facts, spec, now)) {
    case DestinationMachine::Change::none:
      break;
    case DestinationMachine::Change::left:
      note("failover.started", "warn", region, name, facts.trouble);
      events_.back().trigger = facts.trigger;
      wake_at(now);  // the errors that made it leave are forgotten: look again
      break;
    case DestinationMachine::Change::returning:
      note("failover.ramping", "info", region, name,
           "back to the whole weight over " + std::to_string(spec.ramp.count()) + " ms");
      break;
    case DestinationMachine::Change::returned:
      note("failover.ended", "info", region, name, "back at the whole weight");
      break;
  }
  wake_at(machine.next_wakeup(spec, now));
}

bool FailoverMachine::update_service(Service& service, Time now) {
  fade(service, now);
  if (service.next_step && *service.next_step <= now) {
    // The same weights passed the guards when the revision came; only the step is another one.
    if (const auto stepped = guard_weights(service, now); !stepped) service.next_step.reset();
  }
  wake_at(service.next_step);
  const FailoverSpec& spec = service.plan.failover;
  std::vector<TierMember> members;
  ServiceRoutes routes;
  routes.plan = service.plan;
  for (auto& [region, machine] : service.destinations) {
    step_destination(service, region, machine, now);
  }
  for (const auto& [region, machine] : service.destinations) {
    const auto weight = std::ranges::find(service.plan.weights, region, &Weight::region);
    members.push_back({static_cast<double>(weight->weight), tier_of(spec, region), machine.usable(),
                       machine.ready(), machine.ramp(spec, now), machine.facts().factor});
    routes.destinations.push_back({region,
                                   region == own_region_,
                                   machine.facts().reachable,
                                   weight->weight,
                                   0,
                                   doors_of(service.plan.service, region),
                                   {}});
  }
  TierWeights spread_out = spread(members);
  for (std::size_t i = 0; i < members.size(); ++i) {
    Destination& destination = routes.destinations[i];
    const DestinationMachine& machine = service.destinations.at(destination.region);
    destination.weight = spread_out.weights[i];
    destination.state = state_text(machine, spec, destination.weight, now);
    destination.left = machine.state() == DestinationMachine::State::away ||
                       machine.state() == DestinationMachine::State::ramping;
  }
  routes.weights = std::move(spread_out.weights);
  if (!service.faded && spread_out.level == Level::normal)
    set_limits(service.plan, members, routes);
  routes.panic = spread_out.level == Level::panic;
  note_panic(service, routes.panic);
  if (service.routes && *service.routes == routes) return false;
  service.routes = std::make_shared<const ServiceRoutes>(std::move(routes));
  return true;
}

/// Destinations of tiers that serve now take what has no room; the part of a limit that counts is
/// the part of the weight that does.
void FailoverMachine::set_limits(const ServicePlan& plan, std::span<const TierMember> members,
                                 ServiceRoutes& routes) {
  if (plan.limits.empty()) return;
  std::set<std::size_t> serving;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (routes.weights[i] > 0) serving.insert(members[i].tier);
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    const TierMember& member = members[i];
    const auto limit =
        std::ranges::find(plan.limits, routes.destinations[i].region, &InFlightLimit::region);
    const bool takes = limit != plan.limits.end() && member.usable && serving.contains(member.tier);
    routes.limits.push_back(takes ? usable_limit(limit->requests, member.ramp * member.factor) : 0);
    routes.overflow.push_back(takes ? limit->overflow_weight : 0);
  }
}

void FailoverMachine::note_panic(Service& service, bool panic) {
  if (panic == service.panic) return;
  service.panic = panic;
  note(panic ? "failover.panic" : "failover.panic_ended", panic ? "error" : "info", {},
       service.plan.service,
       panic ? "no destination works: everything residency permits is tried"
             : "a destination works again");
}

std::shared_ptr<const RoutingTable> FailoverMachine::update(Time now) {
  if (!changed_ && !(wakeup_ && *wakeup_ <= now)) return nullptr;
  changed_ = false;
  wakeup_.reset();
  const bool cut_off = update_isolation(now);
  bool differs = false;
  auto table = std::make_shared<RoutingTable>();
  for (auto& [name, service] : services_) {
    differs = update_service(service, now) || differs;
    table->services.push_back(service.routes);
  }
  if (cut_off) excuse_destinations(now);
  if (!differs && services_.size() == published_services_) return nullptr;
  published_services_ = services_.size();
  table->version = ++version_;
  return table;
}

std::vector<FailoverEvent> FailoverMachine::take_events() { return std::exchange(events_, {}); }

void FailoverMachine::note(std::string type, std::string severity, const RegionName& region,
                           const ServiceName& service, std::string message) {
  events_.push_back({std::move(type), std::move(severity), region, service, std::move(message)});
}

void FailoverMachine::wake_at(std::optional<Time> when) {
  if (when && (!wakeup_ || *when < *wakeup_)) wakeup_ = when;
}

}  // namespace weir::agent
