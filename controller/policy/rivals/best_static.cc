#include "controller/policy/rivals/best_static.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "controller/policy/rivals/fixed_weights.h"
#include "controller/policy/rivals/waterfall.h"

namespace weir::controller {
namespace {

constexpr double k_step_least = 0.01;
constexpr double k_step_most = 0.5;
/// One success in five leaves the step as it is: 1.5 * (1/1.5)^(1/4)^4 = 1.
constexpr double k_step_grow = 1.5;
constexpr double k_step_shrink = 0.9036;

Grid<double> as_shares(const ServiceView& view, Grid<double> rows) {
  Grid<double> shares = view.wish(std::move(rows)).shares;
  for (std::size_t from = 0; from < shares.rows(); ++from) {
    double sum = 0;
    for (const double share : shares.row(from)) sum += share;
    for (double& share : shares.row(from)) share /= sum;
  }
  return shares;
}

}  // namespace

BestStaticSearch::BestStaticSearch(const ServiceSetting& setting,
                                   const std::vector<double>& mean_demand, std::uint64_t seed)
    : view_(setting),
      rng_(seed),
      demand_(mean_demand),
      best_score_(-std::numeric_limits<double>::infinity()) {
  demand_.resize(view_.size(), 0);
  add_starts(demand_);
  next_candidate();
}

void BestStaticSearch::add_starts(const std::vector<double>& mean_demand) {
  const ServiceObservation nothing = ServiceObservation::blank(view_.size());
  for (const FixedRule rule : {FixedRule::nearby, FixedRule::capacity, FixedRule::local_only}) {
    FixedWeights fixed(view_.setting(), "start", rule);
    starts_.push_back(as_shares(view_, fixed.observe(nothing).shares));
  }
  const CapacityBook book(CapacitySource::declared, 0, view_.size());
  for (const double threshold : {1.1, 1.0, 0.5, 0.6, 0.9, 0.7, 0.8}) {
    std::vector<double> room(view_.size());
    for (std::size_t to = 0; to < view_.size(); ++to) {
      room[to] = threshold * book.capacity(view_, to);
    }
    starts_.push_back(as_shares(view_, fill_waterfall(view_, mean_demand, std::move(room))));
  }
}

void BestStaticSearch::tell(double score) {
  const bool better = score > best_score_;
  const bool climbing = starts_.empty();
  if (better) {
    best_ = candidate_;
    best_score_ = score;
  }
  if (climbing) {
    step_ = std::clamp(step_ * (better ? k_step_grow : k_step_shrink), k_step_least, k_step_most);
  }
  next_candidate();
}

void BestStaticSearch::next_candidate() {
  if (!starts_.empty()) {
    candidate_ = std::move(starts_.back());
    starts_.pop_back();
    return;
  }
  candidate_ = best_;
  // Sources by their demand: where few requests start there is little to gain.
  double total = 0;
  for (const double demand : demand_) total += demand;
  double point = rng_.unit() * total;
  std::size_t from = 0;
  while (from + 1 < demand_.size() && point >= demand_[from]) point -= demand_[from++];
  const auto choices = view_.nearest(from);
  if (choices.size() < 2) return;
  const auto row = candidate_.row(from);
  double giver_point = rng_.unit();
  std::size_t giver = choices.front();
  for (const std::size_t to : choices) {
    if (row[to] <= 0) continue;
    giver = to;
    giver_point -= row[to];
    if (giver_point < 0) break;
  }
  // Nearer destinations are tried more often: the smaller of two draws.
  std::size_t taker = choices[std::min(rng_.below(choices.size()), rng_.below(choices.size()))];
  if (taker == giver) taker = choices[giver == choices.front() ? 1 : 0];
  const double moved = std::min(row[giver], step_ * rng_.unit());
  row[giver] -= moved;
  row[taker] += moved;
}

}  // namespace weir::controller
