#include "controller/telemetry/telemetry.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace weir::controller {
namespace {

namespace pb = telemetry::v1;

constexpr std::chrono::seconds k_fresh{10};
constexpr double k_own_region_rtt_ms = 0.5;  // nobody measures the way inside a region
constexpr std::int64_t k_event_skew_ms_max = 3'600'000;

/// Used as its weight says, or kept for later, or nobody there: no failover.
bool plain(const std::string& state) {
  return state.empty() || state == "active" || state == "standby" || state.starts_with("waiting");
}

/// The better of two paths between the same regions: up before down, then the shorter.
bool better(const PathSeen& a, const PathSeen& b) {
  return a.up != b.up ? a.up : a.rtt_ms < b.rtt_ms;
}

double ms(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

PairSeen pair_of(const FlowRates& rates, double interval_s) {
  PairSeen pair{.sent = rates.started * interval_s,
                .ok = rates.ok * interval_s,
                .errors = rates.errors * interval_s,
                .timeouts = rates.timeouts * interval_s,
                .in_slo = rates.within_objective * interval_s,
                .in_flight = rates.in_flight,
                .chosen = rates.chosen * interval_s};
  if (rates.latency.total() == 0) return pair;
  pair.latency_mean_ms = rates.latency.mean_us() / 1e3;
  pair.latency_p50_ms = ms(rates.latency.quantile(0.5));
  pair.latency_p90_ms = ms(rates.latency.quantile(0.9));
  pair.latency_p99_ms = ms(rates.latency.quantile(0.99));
  return pair;
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
  known.clock_ahead_ms = std::max<std::int64_t>(report.unix_ms(), 0) - unix_ms;
  known.in_force = {.epoch = report.epoch(), .generation = report.generation()};
  take_paths(known, report, unix_ms);
  known.endpoints.assign(report.endpoints().begin(), report.endpoints().end());
  std::ranges::sort(known.endpoints, {}, [](const pb::EndpointHealth& health) {
    return std::tie(health.service(), health.endpoint());
  });
  for (const pb::Traffic& traffic : report.traffic()) {
    traffic_.add(agent, region, traffic, std::chrono::milliseconds(report.window_ms()), now,
                 unix_ms);
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

std::vector<EndpointRow> Telemetry::endpoints_of(const ServiceName& service, Time now) const {
  std::vector<EndpointRow> rows;
  for (const auto& [agent, known] : agents_) {
    const bool fresh = known.at + k_fresh > now;
    for (const auto& health : std::ranges::equal_range(known.endpoints, service.value(), {},
                                                       &pb::EndpointHealth::service)) {
      rows.push_back({agent, known.region, health, fresh});
    }
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

std::optional<Duration> Telemetry::report_age(const AgentId& agent, Time now) const {
  const auto found = agents_.find(agent);
  if (found == agents_.end()) return std::nullopt;
  return now - found->second.at;
}

std::optional<std::int64_t> Telemetry::clock_ahead_ms(const AgentId& agent) const {
  const auto found = agents_.find(agent);
  if (found == agents_.end()) return std::nullopt;
  return found->second.clock_ahead_ms;
}

ServiceObservation Telemetry::observe(const ServiceSetting& setting, Time since, Time now) const {
  const std::size_t n = setting.size();
  ServiceObservation seen = ServiceObservation::blank(n);
  seen.t_ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
  std::map<RegionName, std::size_t> place;
  for (std::size_t i = 0; i < n; ++i) place.emplace(setting.regions[i], i);

  const double interval_s = setting.interval_ms / 1000;
  for (std::size_t s = 0; s < n; ++s) {
    seen.paths(s, s).rtt_ms = k_own_region_rtt_ms;
    double chosen = 0;
    for (std::size_t d = 0; d < n; ++d) {
      const FlowRates rates =
          traffic_.rates({setting.service, setting.regions[s], setting.regions[d]}, since, now);
      if (rates.agents == 0) continue;
      seen.pairs(s, d) = pair_of(rates, interval_s);
      seen.offered[s] = (known(seen.offered[s]) ? seen.offered[s] : 0) + rates.started;
      chosen += rates.chosen;
    }
    // Agents of a version that does not tell.
    for (std::size_t d = 0; chosen <= 0 && d < n; ++d) seen.pairs(s, d).chosen = k_unknown;
  }
  for (const EndpointRow& row : endpoints_of(setting.service, now)) {
    const auto found = place.find(row.region);
    if (found == place.end()) continue;
    ServersSeen& servers = seen.servers[found->second];
    if (!known(servers.endpoints)) servers.endpoints = servers.ready = servers.in_flight = 0;
    ++servers.endpoints;
    if (!row.fresh || !row.health.healthy()) continue;
    ++servers.ready;
    servers.in_flight += row.health.in_flight();
  }
  for (const PathRow& row : paths(now)) {
    const auto from = place.find(row.from_region);
    const auto to = place.find(RegionName(row.path.to_region()));
    if (!row.fresh || from == place.end() || to == place.end()) continue;
    if (from == to) continue;  // two clusters of one region: its own servers are nearer
    const PathSeen path{
        .rtt_ms = row.path.rtt_p50_us() > 0 ? row.path.rtt_p50_us() / 1e3 : k_unknown,
        .loss = row.path.loss_ppm() / 1e6,
        .up = row.path.up()};
    PathSeen& best = seen.paths(from->second, to->second);
    if (!known(best.loss) || better(path, best)) best = path;
  }
  return seen;
}

}  // namespace weir::controller
