#include "controller/policy/rivals/service_view.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace weir::controller {
namespace {

constexpr double k_rtt_inside_ms = 1;
/// A path nobody measured lies behind every measured one.
constexpr double k_rtt_unmeasured_ms = 1000;
/// Beyond it a value is nonsense: ten decades above the largest service.
constexpr double k_value_max = 1e15;

bool possible(double value) { return value >= 0 && value <= k_value_max; }

double possible_or(double value, double otherwise) { return possible(value) ? value : otherwise; }

PairSeen cleaned(const PairSeen& pair) {
  return {.sent = possible_or(pair.sent, 0),
          .ok = possible_or(pair.ok, 0),
          .errors = possible_or(pair.errors, 0),
          .timeouts = possible_or(pair.timeouts, 0),
          .in_slo = possible_or(pair.in_slo, 0),
          .shed = possible_or(pair.shed, 0),
          .latency_mean_ms = possible_or(pair.latency_mean_ms, k_unknown),
          .latency_p50_ms = possible_or(pair.latency_p50_ms, k_unknown),
          .latency_p90_ms = possible_or(pair.latency_p90_ms, k_unknown),
          .latency_p99_ms = possible_or(pair.latency_p99_ms, k_unknown),
          .in_flight = possible_or(pair.in_flight, k_unknown)};
}

double rtt_before_measuring(const ServiceSetting& setting, std::size_t from, std::size_t to) {
  const double otherwise = from == to ? k_rtt_inside_ms : k_rtt_unmeasured_ms;
  return setting.rtt_ms.empty() ? otherwise : possible_or(setting.rtt_ms(from, to), otherwise);
}

}  // namespace

ServiceView::ServiceView(const ServiceSetting& setting)
    : setting_(setting),
      elapsed_s_(interval_s()),
      demand_(setting.size(), 0),
      rtt_ms_(setting.size(), setting.size()),
      up_(setting.size(), setting.size(), 1),
      endpoints_(setting.size(), 0),
      ready_(setting.size(), 0),
      ok_rate_(setting.size(), 0),
      ended_rate_(setting.size(), 0),
      failed_rate_(setting.size(), 0),
      utilization_(setting.size(), k_unknown),
      pairs_(setting.size(), setting.size()),
      usable_(setting.size(), setting.size(), 0),
      nearest_(setting.size()) {
  for (std::size_t i = 0; i < size(); ++i) {
    endpoints_[i] = possible_or(setting_.served_in[i].endpoints, 0);
    ready_[i] = endpoints_[i];
    for (std::size_t j = 0; j < size(); ++j) rtt_ms_(i, j) = rtt_before_measuring(setting_, i, j);
  }
  sort_nearest();
}

double ServiceView::interval_s() const {
  return setting_.interval_ms > 0 ? setting_.interval_ms / 1000 : 1;
}

double ServiceView::ready_share(std::size_t destination) const {
  const double all = endpoints_[destination];
  return all > 0 ? std::min(1.0, ready_[destination] / all) : 0;
}

void ServiceView::see(const ServiceObservation& seen) {
  see_time(seen.t_ms);
  see_pairs(seen);
  see_servers(seen);
  see_paths(seen);
  sort_nearest();
}

void ServiceView::see_time(double t_ms) {
  const double passed_s = (t_ms - now_ms_) / 1000;
  const bool sensible = passed_s > 0 && passed_s <= 3600;
  elapsed_s_ = sensible ? passed_s : interval_s();
  if (std::isfinite(t_ms)) now_ms_ = t_ms;
}

void ServiceView::see_pairs(const ServiceObservation& seen) {
  std::ranges::fill(ok_rate_, 0);
  std::ranges::fill(ended_rate_, 0);
  std::ranges::fill(failed_rate_, 0);
  for (std::size_t from = 0; from < size(); ++from) {
    double sent = 0;
    for (std::size_t to = 0; to < size(); ++to) {
      const PairSeen pair = cleaned(seen.pairs(from, to));
      pairs_(from, to) = pair;
      sent += pair.sent + pair.shed;
      ok_rate_[to] += pair.ok / interval_s();
      ended_rate_[to] += pair.ended() / interval_s();
      failed_rate_[to] += (pair.errors + pair.timeouts) / interval_s();
    }
    if (possible(seen.offered[from])) {
      demand_[from] = seen.offered[from];
    } else if (sent > 0) {
      demand_[from] = sent / interval_s();
    }
  }
}

void ServiceView::see_servers(const ServiceObservation& seen) {
  for (std::size_t to = 0; to < size(); ++to) {
    const ServersSeen& servers = seen.servers[to];
    endpoints_[to] = possible_or(servers.endpoints, endpoints_[to]);
    ready_[to] = possible_or(servers.ready, std::min(ready_[to], endpoints_[to]));
    utilization_[to] = possible_or(servers.utilization, k_unknown);
  }
}

void ServiceView::see_paths(const ServiceObservation& seen) {
  for (std::size_t from = 0; from < size(); ++from) {
    for (std::size_t to = 0; to < size(); ++to) {
      const PathSeen& path = seen.paths(from, to);
      rtt_ms_(from, to) = possible_or(path.rtt_ms, rtt_ms_(from, to));
      up_(from, to) = path.up ? 1 : 0;
    }
  }
}

void ServiceView::sort_nearest() {
  for (std::size_t from = 0; from < size(); ++from) {
    std::vector<std::size_t>& order = nearest_[from];
    order.clear();
    for (const bool demanding : {true, false}) {
      if (!order.empty()) break;
      for (std::size_t to = 0; to < size(); ++to) {
        const bool fine = up_(from, to) != 0 && ready_[to] > 0;
        if (setting_.allowed(from, to) && (fine || !demanding)) order.push_back(to);
      }
    }
    std::ranges::sort(
        order, {}, [&](std::size_t to) { return std::tuple(to != from, rtt_ms_(from, to), to); });
    for (std::size_t to = 0; to < size(); ++to) usable_(from, to) = 0;
    for (const std::size_t to : order) usable_(from, to) = 1;
  }
}

ServiceWish ServiceView::wish(Grid<double> shares) const {
  for (std::size_t from = 0; from < size(); ++from) {
    const auto row = shares.row(from);
    double sum = 0;
    for (std::size_t to = 0; to < size(); ++to) {
      if (!setting_.allowed(from, to) || !possible(row[to])) row[to] = 0;
      sum += row[to];
    }
    if (sum > 0) continue;
    for (const bool weighted : {true, false}) {
      for (const std::size_t to : nearest_[from]) {
        row[to] = weighted && !setting_.static_weights.empty()
                      ? possible_or(setting_.static_weights(from, to), 0)
                      : 1;
        sum += row[to];
      }
      if (sum > 0) break;
    }
  }
  return {.shares = std::move(shares),
          .shed = std::vector<double>(size(), 0),
          .why = {},
          .expected_in_slo = {}};
}

Grid<double> nearest_only(const ServiceView& view) {
  Grid<double> shares(view.size(), view.size());
  for (std::size_t from = 0; from < view.size(); ++from) {
    if (!view.nearest(from).empty()) shares(from, view.nearest(from).front()) = 1;
  }
  return shares;
}

}  // namespace weir::controller
