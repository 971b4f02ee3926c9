#include "controller/policy/rivals/locality_failover.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weir::controller {

std::vector<int> priority_loads(const std::vector<int>& healths) {
  std::vector<int> loads(healths.size(), 0);
  const int total = std::min(100, std::accumulate(healths.begin(), healths.end(), 0));
  if (total == 0) return loads;
  int left = 100;
  for (std::size_t i = 0; i < healths.size(); ++i) {
    loads[i] = std::min(left, healths[i] * 100 / total);
    left -= loads[i];
  }
  const auto first = std::ranges::find_if(healths, [](int health) { return health > 0; });
  loads[static_cast<std::size_t>(first - healths.begin())] += left;
  return loads;
}

LocalityFailover::LocalityFailover(const ServiceSetting& setting,
                                   const LocalityFailoverOptions& options)
    : options_(options), view_(setting), outliers_(setting.size()) {}

ServiceWish LocalityFailover::observe(const ServiceObservation& seen) {
  view_.see(seen);
  sweep();
  Grid<double> shares(view_.size(), view_.size());
  for (std::size_t from = 0; from < view_.size(); ++from) {
    const auto levels = view_.nearest(from);
    std::vector<int> healths;
    for (const std::size_t to : levels) healths.push_back(health(to));
    std::vector<int> loads = priority_loads(healths);
    for (std::size_t i = 0; i < levels.size(); ++i) shares(from, levels[i]) = loads[i];
    // Nobody healthy anywhere: panic, every level by its hosts.
    if (std::ranges::all_of(healths, [](int value) { return value == 0; })) {
      for (const std::size_t to : levels) shares(from, to) = view_.endpoints(to);
    }
  }
  return view_.wish(std::move(shares));
}

void LocalityFailover::sweep() {
  for (std::size_t to = 0; to < view_.size(); ++to) {
    outliers_[to].failed += view_.failed_rate(to) * view_.interval_s();
    outliers_[to].ended += view_.ended_rate(to) * view_.interval_s();
  }
  const double now = view_.now_ms();
  if (!known(now)) return;
  if (!known(next_sweep_ms_)) next_sweep_ms_ = now + options_.sweep_s * 1000;
  if (now < next_sweep_ms_) return;
  next_sweep_ms_ = now + options_.sweep_s * 1000;
  for (std::size_t to = 0; to < view_.size(); ++to) {
    Outliers& out = outliers_[to];
    if (out.ejected > 0 && now >= out.until_ms) out.ejected = 0;
    const double share = out.ended > 0 ? out.failed / out.ended : 0;
    const double failing = std::round(share * view_.ready(to));
    const bool runs = failing >= 1 && out.failed >= options_.consecutive_failures * failing;
    if (runs && out.ejected == 0) {
      const double most = std::floor(options_.ejected_share_max * view_.endpoints(to));
      out.ejected = std::min(failing, std::max(1.0, most));
      ++out.times;
      const double seconds = std::min(options_.ejection_max_s, options_.ejection_s * out.times);
      out.until_ms = now + seconds * 1000;
    } else if (failing < 1 && out.ejected == 0 && out.times > 0) {
      --out.times;  // a clean sweep shortens the next ejection
    }
    out.failed = 0;
    out.ended = 0;
  }
}

int LocalityFailover::health(std::size_t destination) const {
  const double all = view_.endpoints(destination);
  if (all <= 0) return 0;
  const double healthy = std::max(0.0, view_.ready(destination) - outliers_[destination].ejected);
  // The epsilon keeps 5 of 10 at 70, not 69, whatever the product rounds to.
  return static_cast<int>(
      std::min(100.0, std::floor(options_.overprovisioning * 100 * healthy / all + 1e-9)));
}

}  // namespace weir::controller
