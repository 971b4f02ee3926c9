#include "controller/telemetry/telemetry.h"

#include <algorithm>
#include <utility>

namespace weir::controller {
namespace {

namespace pb = telemetry::v1;
using std::chrono::microseconds;

constexpr std::chrono::seconds k_fresh{10};
constexpr std::int64_t k_event_skew_ms_max = 3'600'000;

/// Used as its weight says, or kept for later, or nobody there: no failover.
bool plain(const std::string& state) {
  return state.empty() || state == "active" || state == "standby" || state.starts_with("waiting");
}

/// The better of two paths between the same regions: up before down, then the shorter.
bool better(const RegionPath& a, const RegionPath& b) {
  return a.up != b.up ? a.up : a.rtt_p50 < b.rtt_p50;
}

}  // namespace

void Telemetry::take_paths(AgentReport& known, const pb::Report& report, std::int64_t unix_ms) {
  std::map<std::string, PathState> paths;
  for (const pb::Path& path : report.paths()) {
    PathState state{.path = path, .since_unix_ms = unix_ms};
    const auto before = known.paths.find(path.to_agent());
    if (before != known.paths.end() && before->second.path.up() == path.up()) {
      state.since_unix_ms = before->second.since_unix_ms;
    }
    paths.emplace(path.to_agent(), std::move(state));
  }
  known.paths = std::move(paths);
}

Status Telemetry::ingest(const AgentId& agent, const RegionName& region, const pb::Report& report,
                         Time now, std::int64_t unix_ms) {
  if (!rates_[agent].reports.allow(now)) {
    ++held_back_;
    return fail(Code::resource_exhausted,
                "report of " + agent.value() + ": more than 2 reports a second");
  }
  if (auto checked = check_report(report, agent, names_); !checked) {
    ++refused_;
    return fail(std::move(checked).error().within("report of " + agent.value()));
  }
  AgentReport& known = agents_[agent];
  if (known.sequence != 0 && report.sequence() <= known.sequence) {
    ++refused_;
    return fail(Code::invalid_argument, "report of " + agent.value() + ": number " +
                                            std::to_string(report.sequence()) + " is not after " +
                                            std::to_string(known.sequence));
  }
  known.region = region;
  known.sequence = report.sequence();
  known.at = now;
  known.unix_ms = unix_ms;
  known.in_force = {.epoch = report.epoch(), .generation = report.generation()};
  take_paths(known, report, unix_ms);
  known.endpoints.assign(report.endpoints().begin(), report.endpoints().end());
  for (const pb::Traffic& traffic : report.traffic()) {
    traffic_.add(agent, region, traffic, now, unix_ms);
  }
  traffic_.drop_old(now);
  return {};
}

Status Telemetry::ingest_event(const AgentId& agent, const RegionName& region, pb::Event event,
                               Time now, std::int64_t unix_ms) {
  if (!rates_[agent].events.allow(now)) {
    ++held_back_;
    return fail(Code::resource_exhausted, "more than 10 events a second");
  }
  WEIR_TRY(check_event(event, names_));
  event.set_agent(agent.value());
  event.set_from_region(region.value());
  if (event.region().empty()) event.set_region(region.value());
  event.set_unix_ms(
      std::clamp(event.unix_ms(), unix_ms - k_event_skew_ms_max, unix_ms + k_event_skew_ms_max));
  events_.add(std::move(event));
  return {};
}

void Telemetry::restarted(const AgentId& agent) {
  const auto found = agents_.find(agent);
  if (found != agents_.end()) found->second.sequence = 0;
}

void Telemetry::forget(const AgentId& agent) {
  agents_.erase(agent);
  rates_.erase(agent);
  traffic_.forget(agent);
}

std::vector<PathRow> Telemetry::paths(Time now) const {
  std::vector<PathRow> rows;
  for (const auto& [agent, known] : agents_) {
    for (const auto& [to, state] : known.paths) {
      rows.push_back({.from = agent,
                      .from_region = known.region,
                      .path = state.path,
                      .unix_ms = known.unix_ms,
                      .since_unix_ms = state.since_unix_ms,
                      .fresh = known.at + k_fresh > now});
    }
  }
  return rows;
}

std::vector<EndpointRow> Telemetry::endpoints(Time now) const {
  std::vector<EndpointRow> rows;
  for (const auto& [agent, known] : agents_) {
    const bool fresh = known.at + k_fresh > now;
    for (const auto& health : known.endpoints) rows.push_back({agent, known.region, health, fresh});
  }
  return rows;
}

std::vector<FailoverRow> Telemetry::failovers(Time now) const {
  std::vector<FailoverRow> rows;
  for (FlowKey& key : traffic_.keys()) {
    auto state = traffic_.state(key, now);
    if (state && !plain(state->state)) rows.push_back({std::move(key), std::move(*state)});
  }
  return rows;
}

RevisionId Telemetry::in_force(const AgentId& agent) const {
  const auto found = agents_.find(agent);
  return found == agents_.end() ? RevisionId{} : found->second.in_force;
}

Observation Telemetry::observe(Time now, std::int64_t unix_ms) const {
  Observation seen{.now = now,
                   .unix_ms = unix_ms,
                   .window = TrafficTable::k_window,
                   .regions = {names_.regions.begin(), names_.regions.end()},
                   .demand = {},
                   .paths = {},
                   .capacity = {}};
  std::map<std::pair<ServiceName, RegionName>, SourceDemand> demand;
  for (const FlowKey& key : traffic_.keys()) {
    const FlowSums sums = traffic_.sums(key, now);
    SourceDemand& source = demand[{key.service, key.from}];
    source.service = key.service;
    source.from = key.from;
    source.requests_per_second += sums.requests_per_second;
    source.to.push_back({.to = key.to,
                         .started = sums.started,
                         .ok = sums.ok,
                         .errors = sums.errors,
                         .timeouts = sums.timeouts,
                         .within_objective = sums.within_objective,
                         .in_flight = sums.in_flight,
                         .p50 = sums.latency.quantile(0.5),
                         .p99 = sums.latency.quantile(0.99)});
  }
  for (auto& [key, source] : demand) seen.demand.push_back(std::move(source));

  std::map<std::pair<RegionName, RegionName>, RegionPath> best;
  for (const PathRow& row : paths(now)) {
    if (!row.fresh) continue;
    const RegionPath path{.from = row.from_region,
                          .to = RegionName(row.path.to_region()),
                          .up = row.path.up(),
                          .rtt_p50 = microseconds(row.path.rtt_p50_us()),
                          .loss = Ratio(row.path.loss_ppm() / 1e6)};
    const auto [place, first] = best.try_emplace({path.from, path.to}, path);
    if (!first && better(path, place->second)) place->second = path;
  }
  for (auto& [key, path] : best) seen.paths.push_back(std::move(path));

  std::map<std::pair<ServiceName, RegionName>, ServiceCapacity> capacity;
  for (const EndpointRow& row : endpoints(now)) {
    if (!row.fresh) continue;
    const ServiceName service(row.health.service());
    ServiceCapacity& entry = capacity[{service, row.region}];
    entry.service = service;
    entry.region = row.region;
    ++entry.endpoints;
    if (row.health.healthy()) ++entry.healthy;
  }
  for (auto& [key, entry] : capacity) seen.capacity.push_back(std::move(entry));
  return seen;
}

}  // namespace weir::controller
