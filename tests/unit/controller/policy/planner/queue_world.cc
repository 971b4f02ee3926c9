#include "tests/unit/controller/policy/planner/queue_world.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace weir {
namespace {

constexpr double k_interval_ms = 1000;
constexpr double k_timeout_ms = 2000;

double percentile(std::vector<double>& sorted, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

}  // namespace

QueueWorld::QueueWorld(std::vector<Region> regions, Grid<double> rtt_ms, double slo_ms,
                       std::uint64_t seed)
    : regions_(std::move(regions)),
      rtt_ms_(std::move(rtt_ms)),
      slo_ms_(slo_ms),
      rng_(seed),
      free_at_(regions_.size()),
      in_flight_(regions_.size(), regions_.size(), 0.0),
      busy_ms_(regions_.size(), 0.0) {
  for (std::size_t d = 0; d < regions_.size(); ++d) {
    for (int i = 0; i < static_cast<int>(regions_[d].workers); ++i) free_at_[d].push(0);
  }
}

ServiceSetting QueueWorld::setting() const {
  const std::size_t n = regions_.size();
  ServiceSetting setting;
  setting.service = ServiceName("shop/web");
  for (std::size_t i = 0; i < n; ++i) {
    setting.regions.emplace_back("r" + std::to_string(i));
    setting.served_in.push_back({.endpoints = regions_[i].workers / 4});
  }
  setting.slo_ms = slo_ms_;
  setting.rtt_ms = rtt_ms_;
  setting.cost_per_gb = Grid<double>(n, n, 0.0);
  setting.allowed = Grid<char>(n, n, 1);
  setting.static_weights = Grid<double>(n, n, 100.0);
  for (std::size_t i = 0; i < n; ++i) setting.static_weights(i, i) = 130;
  return setting;
}

void QueueWorld::arrive(const Arrival& arrival, ServiceObservation& seen) {
  Region& region = regions_[arrival.to];
  const double rtt = rtt_ms_(arrival.from, arrival.to);
  ++seen.pairs(arrival.from, arrival.to).sent;
  ++in_flight_(arrival.from, arrival.to);
  Ending ending{.from = arrival.from, .to = arrival.to};
  if (region.silent) {
    ending.latency_ms = k_timeout_ms;
  } else if (rng_.chance(region.failing)) {
    ending.latency_ms = rtt;
  } else {
    const double mean = region.service_ms * std::exp(-region.spread * region.spread / 2);
    const double service = mean * std::exp(rng_.normal(0, region.spread));
    auto& free_at = free_at_[arrival.to];
    const double start = std::max(arrival.t_ms + rtt / 2, free_at.top());
    free_at.pop();
    free_at.push(start + service);
    busy_ms_[arrival.to] += service;
    ending.latency_ms = start + service + rtt / 2 - arrival.t_ms;
    ending.ok = ending.latency_ms < k_timeout_ms;
    ending.latency_ms = std::min(ending.latency_ms, k_timeout_ms);
  }
  ending.t_ms = arrival.t_ms + ending.latency_ms;
  if (ending.ok && ending.latency_ms <= slo_ms_) ++in_slo_;
  endings_.push(ending);
}

ServiceObservation QueueWorld::run(const Grid<double>& shares, const std::vector<double>& shed) {
  const std::size_t n = regions_.size();
  ServiceObservation seen = ServiceObservation::blank(n);
  const double end_ms = now_ms_ + k_interval_ms;
  std::vector<Arrival> arrivals;
  for (std::uint32_t s = 0; s < n; ++s) {
    seen.offered[s] = 0;
    double sum = 0;
    for (const double share : shares.row(s)) sum += share;
    const double rate = regions_[s].demand_rps / 1000;
    double t = now_ms_;
    while (rate > 0) {
      t += rng_.exponential(1 / rate);
      if (t >= end_ms) break;
      ++seen.offered[s];
      ++offered_;
      if (!shed.empty() && rng_.chance(shed[s])) continue;
      double point = rng_.unit() * sum;
      std::uint32_t to = 0;
      while (to + 1 < n && point >= shares(s, to)) point -= shares(s, to++);
      arrivals.push_back({t, s, to});
    }
  }
  std::ranges::sort(arrivals, {},
                    [this](const Arrival& a) { return a.t_ms + rtt_ms_(a.from, a.to) / 2; });
  std::ranges::fill(busy_ms_, 0.0);
  for (const Arrival& arrival : arrivals) arrive(arrival, seen);
  now_ms_ = end_ms;
  seen.t_ms = now_ms_;

  Grid<std::vector<double>> latencies(n, n);
  while (!endings_.empty() && endings_.top().t_ms <= now_ms_) {
    const Ending ending = endings_.top();
    endings_.pop();
    PairSeen& pair = seen.pairs(ending.from, ending.to);
    --in_flight_(ending.from, ending.to);
    if (!ending.ok) {
      ++(ending.latency_ms >= k_timeout_ms ? pair.timeouts : pair.errors);
      continue;
    }
    ++pair.ok;
    if (ending.latency_ms <= slo_ms_) ++pair.in_slo;
    latencies(ending.from, ending.to).push_back(ending.latency_ms);
  }
  for (std::size_t s = 0; s < n; ++s) {
    for (std::size_t d = 0; d < n; ++d) {
      PairSeen& pair = seen.pairs(s, d);
      seen.paths(s, d).rtt_ms = rtt_ms_(s, d);
      if (report_in_flight_) pair.in_flight = in_flight_(s, d);
      auto& sorted = latencies(s, d);
      if (sorted.empty()) continue;
      std::ranges::sort(sorted);
      pair.latency_mean_ms = 0;
      for (const double ms : sorted) {
        pair.latency_mean_ms += ms / static_cast<double>(sorted.size());
      }
      pair.latency_p50_ms = percentile(sorted, 0.5);
      pair.latency_p90_ms = percentile(sorted, 0.9);
      pair.latency_p99_ms = percentile(sorted, 0.99);
    }
  }
  for (std::size_t d = 0; d < n && report_servers_; ++d) {
    const double waiting = std::max(0.0, free_at_[d].top() - now_ms_);
    ServersSeen& servers = seen.servers[d];
    servers.endpoints = servers.ready = regions_[d].workers / 4;
    const double busy = waiting > 0 ? 1.0 : busy_ms_[d] / (regions_[d].workers * k_interval_ms);
    servers.utilization = regions_[d].lies ? 0.1 : std::min(1.0, busy);
    servers.queue = regions_[d].lies ? 0 : waiting / regions_[d].service_ms * regions_[d].workers;
  }
  return seen;
}

}  // namespace weir
