#include "controller/policy/rivals/fixed_weights.h"

#include "common/model/service.h"

namespace weir::controller {

ServiceWish FixedWeights::observe(const ServiceObservation& seen) {
  view_.see(seen);
  if (rule_ == FixedRule::local_only) return view_.wish(nearest_only(view_));
  Grid<double> shares(view_.size(), view_.size());
  for (std::size_t from = 0; from < view_.size(); ++from) {
    for (const std::size_t to : view_.nearest(from)) shares(from, to) = weigh(from, to);
  }
  return view_.wish(std::move(shares));
}

double FixedWeights::weigh(std::size_t from, std::size_t to) const {
  switch (rule_) {
    case FixedRule::configured:
      return view_.setting().static_weights(from, to);
    case FixedRule::nearby:
      return from == to ? k_weight_nearby : k_weight_neutral;
    case FixedRule::capacity:
      return view_.ready(to);
    default:
      return 1;
  }
}

}  // namespace weir::controller
