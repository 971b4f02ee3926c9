#include "controller/simulate/guarded_weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/routing/safe_set.h"

namespace weir::controller {
namespace {

Grid<double> normalized(Grid<double> rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& cell : row) cell = sum > 0 ? cell / sum : 0;
  }
  return rows;
}

double usable_shed(double shed) { return std::isfinite(shed) ? std::clamp(shed, 0.0, 1.0) : 0; }

}  // namespace

GuardedWeights::GuardedWeights(ServiceSetting setting, const Limits& limits,
                               const Grid<double>& first)
    : setting_(std::move(setting)),
      cost_(setting_),
      weights_(setting_.static_weights),
      shed_(setting_.size(), 0.0) {
  for (std::size_t from = 0; from < setting_.size(); ++from) {
    GuardSpec& guards = guards_.emplace_back();
    guards.min_share = Ratio(limits.min_share);
    guards.max_step = Ratio(limits.max_step);
    for (std::size_t to = 0; to < setting_.size(); ++to) {
      if (setting_.allowed(from, to) != 0) guards.residency.push_back(setting_.regions[to]);
    }
    const auto row = weights_.row(from);
    if (std::accumulate(row.begin(), row.end(), 0.0) > 0) continue;
    for (std::size_t to = 0; to < setting_.size(); ++to) row[to] = setting_.allowed(from, to);
  }
  if (first.rows() != setting_.size() || first.columns() != setting_.size()) return;
  const std::vector<GuardSpec> stepping = guards_;
  for (GuardSpec& guards : guards_) guards.max_step = Ratio(1);
  take({.shares = first, .shed = {}, .why = {}, .expected_in_slo = {}});
  guards_ = stepping;
}

std::vector<Weight> GuardedWeights::row_of(std::size_t source) const {
  std::vector<Weight> row;
  for (std::size_t to = 0; to < setting_.size(); ++to) {
    if (setting_.allowed(source, to) == 0) continue;
    const auto weight = static_cast<std::uint32_t>(weights_(source, to));
    row.push_back({.region = setting_.regions[to], .weight = weight});
  }
  return row;
}

GuardedWeights::Change GuardedWeights::take(const ServiceWish& wish) {
  const std::size_t n = setting_.size();
  if (wish.shares.rows() != n || wish.shares.columns() != n) return {.churn = 0, .guarded = true};
  const Grid<double> before = shares();
  Change change;
  Grid<double> wished = wish.shares;
  change.guarded = cost_.hold(wished).has_value();
  std::vector<ProposedWeight> proposed(n);
  for (std::size_t from = 0; from < n; ++from) {
    for (std::size_t to = 0; to < n; ++to) {
      proposed[to].region = setting_.regions[to];
      proposed[to].weight = wished(from, to);
    }
    const auto safe = to_safe_set(row_of(from), proposed, guards_[from], setting_.regions);
    if (!safe) continue;  // checked scenarios allow every source something
    change.guarded = change.guarded || !safe->actions.empty();
    for (const Weight& weight : safe->weights) {
      const auto found = std::ranges::find(setting_.regions, weight.region);
      weights_(from, static_cast<std::size_t>(found - setting_.regions.begin())) = weight.weight;
    }
    const bool sheds = setting_.may_shed && from < wish.shed.size();
    shed_[from] = sheds ? usable_shed(wish.shed[from]) : 0;
  }
  const Grid<double> after = shares();
  for (std::size_t i = 0; i < after.cells().size(); ++i) {
    change.churn += std::abs(after.cells()[i] - before.cells()[i]) / 2 / static_cast<double>(n);
  }
  return change;
}

Grid<double> GuardedWeights::shares() const { return normalized(weights_); }

}  // namespace weir::controller
