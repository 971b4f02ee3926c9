#pragma once

#include <span>
#include <vector>

#include "common/model/service.h"
#include "common/model/service_policy.h"
#include "common/routing/cost_ceiling.h"

namespace weir::controller {

/// The published weights of every source, and the way from a wish to the next ones: the guards of
/// `common/routing/safe_set.h` and the ceiling on cost.
class GuardedWeights {
 public:
  struct Limits {
    double min_share = 0.01;
    double max_step = 1;
  };
  /// `first`: the shares to begin with; empty: the setting's static weights.
  GuardedWeights(ServiceSetting setting, const Limits& limits, const Grid<double>& first);

  struct Change {
    double churn = 0;      // half the sum of how far the shares moved, mean over the sources
    bool guarded = false;  // a guard changed the wish
  };
  /// A wish of another size changes nothing and counts as guarded.
  Change take(const ServiceWish& wish);
  /// Requests per second by source, of the last interval: for the ceiling on cost.
  void observe(std::span<const double> offered) { cost_.observe(offered); }

  const Grid<double>& weights() const { return weights_; }
  std::span<const double> shed() const { return shed_; }
  Grid<double> shares() const;

 private:
  std::vector<Weight> row_of(std::size_t source) const;

  const ServiceSetting setting_;
  CostCeiling cost_;
  std::vector<GuardSpec> guards_;
  Grid<double> weights_;
  std::vector<double> shed_;
};

}  // namespace weir::controller
