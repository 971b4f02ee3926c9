#include "common/routing/cost_ceiling.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace weir {
namespace {

constexpr double k_gb_per_kb = 1e-6;
constexpr double k_newest = 0.1;     // weight of the last interval's demand
constexpr double k_rounding = 1e-9;  // of the ceiling

bool usable(double value) { return std::isfinite(value) && value >= 0; }

Grid<double> with_sum_one(const Grid<double>& shares) {
  Grid<double> rows = shares;
  for (std::size_t from = 0; from < rows.rows(); ++from) {
    double sum = 0;
    for (double& cell : rows.row(from)) sum += cell = usable(cell) ? cell : 0;
    for (double& cell : rows.row(from)) cell = sum > 0 ? cell / sum : 0;
  }
  return rows;
}

}  // namespace

CostCeiling::CostCeiling(const ServiceSetting& setting)
    : n_(setting.size()),
      ceiling_(setting.max_cost_per_hour),
      cost_(n_, n_, 0.0),
      rate_(n_, k_unknown) {
  const double gb = usable(setting.kb_per_request) ? setting.kb_per_request * k_gb_per_kb : 0;
  for (std::size_t i = 0; i < setting.cost_per_gb.cells().size() && i < n_ * n_; ++i) {
    const double price = setting.cost_per_gb.cells()[i];
    if (usable(price)) cost_.cells()[i] = price * gb;
    priced_ = priced_ || cost_.cells()[i] > 0;
  }
}

void CostCeiling::observe(std::span<const double> offered) {
  for (std::size_t from = 0; from < n_ && from < offered.size(); ++from) {
    if (!usable(offered[from])) continue;
    double& rate = rate_[from];
    rate = known(rate) ? rate + k_newest * (offered[from] - rate) : offered[from];
  }
}

double CostCeiling::per_hour(const Grid<double>& shares) const {
  const Grid<double> rows = with_sum_one(shares);
  double sum = 0;
  for (std::size_t from = 0; from < n_; ++from) {
    if (!known(rate_[from])) continue;
    for (std::size_t to = 0; to < n_; ++to) sum += rate_[from] * rows(from, to) * cost_(from, to);
  }
  return 3600 * sum;
}

std::optional<CostCut> CostCeiling::hold(Grid<double>& shares) const {
  if (!priced_ || !known(ceiling_) || shares.rows() != n_ || shares.columns() != n_) {
    return std::nullopt;
  }
  const double wished = per_hour(shares);
  if (wished <= ceiling_ * (1 + k_rounding)) return std::nullopt;
  const Grid<double> rows = with_sum_one(shares);
  Grid<double> cheapest(n_, n_, 0.0);
  for (std::size_t from = 0; from < n_; ++from) {
    double least = std::numeric_limits<double>::infinity();
    double open = 0;  // of those that cost least
    for (std::size_t to = 0; to < n_; ++to) {
      if (rows(from, to) <= 0 || cost_(from, to) > least) continue;
      open = (cost_(from, to) < least ? 0 : open) + rows(from, to);
      least = cost_(from, to);
    }
    for (std::size_t to = 0; to < n_; ++to) {
      if (rows(from, to) > 0 && cost_(from, to) == least)
        cheapest(from, to) = rows(from, to) / open;
    }
  }
  // What shares cost is linear in them. The part that is kept may be tiny, and must be exact.
  const double floor = per_hour(cheapest);
  const double kept = floor >= ceiling_ ? 0 : (ceiling_ - floor) / (wished - floor);
  for (std::size_t i = 0; i < rows.cells().size(); ++i) {
    const double least = cheapest.cells()[i];
    shares.cells()[i] = least + kept * (rows.cells()[i] - least);
  }
  return CostCut{
      .wished = wished, .cut = per_hour(shares), .kept = floor <= ceiling_ * (1 + k_rounding)};
}

std::string in_words(const CostCut& cut, double ceiling) {
  char text[160];
  std::snprintf(text, sizeof text, "%.4g an hour instead of %.4g, for at most %.4g", cut.cut,
                cut.wished, ceiling);
  return text;
}

}  // namespace weir
