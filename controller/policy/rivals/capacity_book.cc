#include "controller/policy/rivals/capacity_book.h"

#include <algorithm>
#include <limits>

namespace weir::controller {
namespace {

/// Below it the quotient says more about noise than about capacity.
constexpr double k_utilization_least = 0.05;
constexpr double k_good_share = 0.95;
constexpr double k_step = 0.05;

double good_share(const ServiceView& view, std::size_t to) {
  double in_slo = 0;
  double ended = 0;
  for (std::size_t from = 0; from < view.size(); ++from) {
    in_slo += view.pair(from, to).in_slo;
    ended += view.pair(from, to).ended();
  }
  return ended > 0 ? in_slo / ended : 1;
}

}  // namespace

void CapacityBook::learn(const ServiceView& view) {
  for (std::size_t to = 0; to < view.size(); ++to) {
    const double ready = view.ready(to);
    const double carried = view.ok_rate(to);
    if (ready <= 0 || carried <= 0) continue;
    const double each = carried / ready;
    const double busy = view.utilization(to);
    if (known(busy)) {
      if (busy < k_utilization_least) continue;
      const double weight = sample_weight(view.elapsed_s(), learn_tau_s_);
      learned_[to].add(each / std::min(busy, 1.0), weight);
    } else if (good_share(view, to) >= k_good_share) {
      const double reached = each * (1 + k_step);
      if (reached > learned_[to].value_or(0)) learned_[to].add(reached, 1);
    } else {
      learned_[to].add(std::min(each * (1 - k_step), learned_[to].value_or(each)), 1);
    }
  }
}

double CapacityBook::capacity(const ServiceView& view, std::size_t destination) const {
  const double declared = view.setting().served_in[destination].declared_rps;
  if (source_ == CapacitySource::declared && declared >= 0) {
    return declared * view.ready_share(destination);
  }
  const double each = learned_[destination].value();
  return known(each) ? each * view.ready(destination) : std::numeric_limits<double>::infinity();
}

}  // namespace weir::controller
