#include "controller/policy/rivals/load_aware_locality.h"

#include <algorithm>

namespace weir::controller {

LoadAwareLocality::LoadAwareLocality(const ServiceSetting& setting,
                                     const LoadAwareLocalityOptions& options)
    : options_(options),
      view_(setting),
      utilization_(setting.size()),
      reported_ms_(setting.size(), k_unknown),
      shares_(setting.size(), setting.size()) {}

ServiceWish LoadAwareLocality::observe(const ServiceObservation& seen) {
  view_.see(seen);
  since_update_s_ += view_.elapsed_s();
  // Half an interval of slack: updates are not to slip for a clock that is a little early.
  const bool due = since_update_s_ + view_.interval_s() / 2 >= options_.update_s;
  if (!known(since_update_s_) || due) {
    take_reports();
    shares_ = Grid<double>(view_.size(), view_.size());
    for (std::size_t from = 0; from < view_.size(); ++from) fill_row(from, shares_.row(from));
    since_update_s_ = 0;
  }
  return view_.wish(shares_);
}

void LoadAwareLocality::take_reports() {
  const double elapsed = known(since_update_s_) ? since_update_s_ : view_.elapsed_s();
  const double weight = sample_weight(elapsed, options_.smoothing_s);
  for (std::size_t to = 0; to < view_.size(); ++to) {
    if (!known(view_.utilization(to))) continue;
    utilization_[to].add(view_.utilization(to), weight);
    reported_ms_[to] = view_.now_ms();
  }
}

void LoadAwareLocality::fill_row(std::size_t from, std::span<double> row) const {
  double total = 0;
  double hosts_away = 0;
  double busy_away = 0;
  for (const std::size_t to : view_.nearest(from)) {
    const double hosts = view_.ready(to);
    const double busy = utilization_[to].value_or(0);
    const bool fresh = view_.now_ms() - reported_ms_[to] <= options_.expiry_s * 1000;
    row[to] = fresh ? hosts * std::max(0.0, 1 - busy) : hosts;
    total += row[to];
    if (to != from) {
      hosts_away += hosts;
      busy_away += hosts * busy;
    }
  }
  if (total <= 0) {
    for (const std::size_t to : view_.nearest(from)) row[to] = view_.ready(to);
    return;
  }
  if (!view_.usable(from, from) || hosts_away <= 0) return;
  if (utilization_[from].value_or(0) <= busy_away / hosts_away + options_.variance_threshold) {
    std::ranges::fill(row, 0);
    row[from] = total;
  }
  double all = 0;
  for (const double weight : row) all += weight;
  const double deficit = options_.probe_share * all - (all - row[from]);
  if (deficit <= 0) return;
  const double taken = std::min(deficit, row[from]);
  row[from] -= taken;
  for (const std::size_t to : view_.nearest(from)) {
    if (to != from) row[to] += taken * view_.ready(to) / hosts_away;
  }
}

}  // namespace weir::controller
