#include "controller/policy/planner/reported_capacity.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_least_utilization = 0.03;
constexpr double k_unrest_tau_s = 15;
constexpr double k_better = 0.5;  // another lag must halve the unrest to be believed
constexpr double k_settled = 6;   // intervals before lags are compared
constexpr double k_least_rate = 0.5;

double utilization_of(const ServersSeen& servers, double workers_known) {
  if (usable(servers.utilization)) return servers.utilization;
  if (usable(servers.in_flight) && usable(servers.queue) && workers_known > 0) {
    return std::max(0.0, servers.in_flight - servers.queue) / workers_known;
  }
  return k_unknown;
}

}  // namespace

std::optional<ReportedCapacity::Seen> ReportedCapacity::observe(double worked_rps,
                                                                const ServersSeen& servers,
                                                                double workers_known, double dt_s,
                                                                double doubt) {
  std::ranges::rotate(rates_, rates_.end() - 1);
  rates_[0] = worked_rps;
  const double told = utilization_of(servers, workers_known);
  if (!known(told) || told < k_least_utilization) return std::nullopt;
  const double busy = std::min(told, 1.0);
  ++seen_;

  for (std::size_t lag = 0; lag < k_lags; ++lag) {
    const double now = std::log(std::max(rates_[lag], k_least_rate) / busy);
    if (seen_ > k_lags) {
      const double change = std::clamp(now - previous_[lag], -1.0, 1.0);
      unrest_[lag] += gain_of(dt_s, k_unrest_tau_s) * (change * change - unrest_[lag]);
    }
    previous_[lag] = now;
  }
  if (static_cast<double>(seen_) > k_settled + k_lags) {
    const auto best = static_cast<std::size_t>(std::ranges::min_element(unrest_) - unrest_.begin());
    if (unrest_[best] < k_better * unrest_[lag_] && unrest_[lag_] > 4 * doubt * doubt) lag_ = best;
  }
  if (rates_[lag_] < k_least_rate) return std::nullopt;
  const double counted = 1.5 / std::max(rates_[lag_] * dt_s, 1.0);
  const double coarse = 0.015 / busy;  // reports are rounded, and idle work counts too
  return Seen{.log_capacity = previous_[lag_],
              .variance = doubt * doubt + counted + coarse * coarse};
}

}  // namespace weir::controller
