#include "controller/policy/planner/weight_response.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_kept = 3;  // weights that may be in force
constexpr double k_least_factor = 0.02;
constexpr double k_made_up_for = 0.5;  // factors below it are not made up for in full
constexpr double k_noise = 3;          // standard deviations of a count
constexpr double k_tolerance = 0.04;   // of a count: retries go where they can
constexpr double k_gain = 0.7;

Grid<double> scaled(const Grid<double>& rows, const std::vector<double>& by) {
  Grid<double> result = rows;
  for (std::size_t s = 0; s < rows.rows(); ++s) {
    double sum = 0;
    for (std::size_t d = 0; d < rows.columns(); ++d) sum += result(s, d) *= by[d];
    if (sum <= 0) continue;
    for (double& cell : result.row(s)) cell /= sum;
  }
  return result;
}

}  // namespace

WeightResponse::WeightResponse(std::size_t regions) : factor_(regions, 1.0), ready_(regions, 1.0) {}

void WeightResponse::follow(const Grid<double>& weights) {
  followed_.push_front(weights);
  if (followed_.size() > k_kept) followed_.pop_back();
}

void WeightResponse::take_ready(const std::vector<ServersSeen>& servers) {
  for (std::size_t d = 0; d < factor_.size(); ++d) {
    const double endpoints = usable_or(servers[d].endpoints, 0);
    if (!usable(servers[d].ready) || endpoints <= 0) continue;
    const double ready = std::clamp(servers[d].ready / endpoints, k_least_factor, 1.0);
    factor_[d] *= ready / ready_[d];
    ready_[d] = ready;
  }
}

std::vector<double> WeightResponse::expected(const Grid<PairEvidence>& pairs,
                                             const Grid<double>& weights) const {
  const Grid<double> shares = scaled(weights, factor_);
  std::vector<double> sent(factor_.size(), 0.0);
  for (std::size_t s = 0; s < factor_.size(); ++s) {
    double all = 0;
    for (std::size_t d = 0; d < factor_.size(); ++d) all += pairs(s, d).chosen;
    for (std::size_t d = 0; d < factor_.size(); ++d) sent[d] += all * shares(s, d);
  }
  return sent;
}

void WeightResponse::observe(const Grid<PairEvidence>& pairs,
                             const std::vector<ServersSeen>& servers) {
  if (followed_.empty()) return take_ready(servers);
  std::vector<double> least(factor_.size(), k_absurd);
  std::vector<double> most(factor_.size(), 0.0);
  for (const Grid<double>& weights : followed_) {
    const auto sent = expected(pairs, weights);
    for (std::size_t d = 0; d < sent.size(); ++d) {
      least[d] = std::min(least[d], sent[d]);
      most[d] = std::max(most[d], sent[d]);
    }
  }
  for (std::size_t d = 0; d < factor_.size(); ++d) {
    double sent = 0;
    for (std::size_t s = 0; s < factor_.size(); ++s) sent += pairs(s, d).chosen;
    const double noise = k_noise * std::sqrt(most[d] + 1) + k_tolerance * most[d];
    if (sent > most[d] + noise && most[d] > 0) factor_[d] *= std::pow(sent / most[d], k_gain);
    if (sent < least[d] - noise) {
      factor_[d] *= std::pow(std::max(sent / least[d], k_least_factor), k_gain);
    }
  }
  take_ready(servers);
  const double largest = std::ranges::max(factor_);
  for (double& factor : factor_) factor = std::clamp(factor / largest, k_least_factor, 1.0);
}

Grid<double> WeightResponse::shares_of(const Grid<double>& weights) const {
  return scaled(weights, factor_);
}

Grid<double> WeightResponse::weights_for(const Grid<double>& shares) const {
  std::vector<double> by;
  for (const double factor : factor_) by.push_back(1 / std::max(factor, k_made_up_for));
  return scaled(shares, by);
}

}  // namespace weir::controller
