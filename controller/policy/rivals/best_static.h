#pragma once

#include <cstdint>
#include <vector>

#include "common/sim/rng.h"
#include "controller/policy/rivals/service_view.h"

namespace weir::controller {

/// Looks for the best weights that never change, in hindsight: whoever can tell how good some are
/// (a simulator that replays the same run) asks for the next ones to try and tells the score.
///
///   1. every simple answer: own region only, by capacity, 130/100, the waterfall of the mean
///      demand at thresholds from 50 to 110 % of the declared capacity
///   2. from the best of them on: some share of one source moves from one destination to another,
///      kept when better; the amount grows with success and shrinks without (the one-fifth rule,
///      Rechenberg 1973)
///
/// Pure: the same scores give the same questions. It never gets worse and needs no gradient; with
/// few questions it is a lower bound of what fixed weights can do, reached or not.
class BestStaticSearch {
 public:
  /// `mean_demand` by source, requests per second, over the run that is judged.
  BestStaticSearch(const ServiceSetting& setting, const std::vector<double>& mean_demand,
                   std::uint64_t seed);

  /// Shares to try, rows as in `ServiceWish`. Asked twice without a `tell`: the same.
  const Grid<double>& ask() const { return candidate_; }
  /// How good the last ones asked for were; larger is better.
  void tell(double score);

  const Grid<double>& best() const { return best_; }
  double best_score() const { return best_score_; }

 private:
  void add_starts(const std::vector<double>& mean_demand);
  void next_candidate();

  ServiceView view_;
  Rng rng_;
  std::vector<double> demand_;
  std::vector<Grid<double>> starts_;  // still to be tried, the last one next
  Grid<double> candidate_;
  Grid<double> best_;
  double best_score_;
  double step_ = 0.25;
};

}  // namespace weir::controller
