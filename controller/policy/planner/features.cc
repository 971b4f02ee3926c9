#include "controller/policy/planner/features.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

double ratio(double value, double low, double high) {
  return std::isfinite(value) ? std::clamp(value, low, high) : 0;
}

}  // namespace

Grid<PairFeatures> pair_features(const WorldModel& world, const ServiceSetting& setting,
                                 const Grid<double>& shares) {
  const std::size_t n = world.size();
  double now = 0;
  double soon = 0;
  double capacity = 0;
  for (std::size_t i = 0; i < n; ++i) {
    now += world.demand(i, 0);
    soon += world.demand(i, 1);
    capacity += world.destination(i).capacity_rps();
  }
  const double whole_load = ratio(2 * (now / capacity - 0.7), -1.5, 2);
  const double trend = now > 0 ? ratio(5 * (soon / now - 1), -1, 1) : 0;

  Grid<PairFeatures> features(n, n, PairFeatures{});
  for (std::size_t d = 0; d < n; ++d) {
    const DestinationModel& to = world.destination(d);
    const double rho = to.load_met_rps() / to.capacity_rps();
    const double wait = to.backlog() / to.capacity_rps() * 1000 / setting.slo_ms;
    for (std::size_t s = 0; s < n; ++s) {
      const double slack = setting.slo_ms - world.paths().rtt_ms(s, d);
      features(s, d) = {
          ratio(2 * (rho - 0.7), -1.5, 2),
          ratio(std::log(std::max(slack, 1.0) / to.shape().p99_ms()), -2, 2),
          ratio(2 * wait, 0, 2),
          ratio((to.filter().level() - CapacityFilter::k_usual_level) / 4, -2, 1),
          ratio(world.pair_offset(s, d) / 4, -2, 1),
          ratio(2 * shares(s, d) - 0.5, -0.5, 1.5),
          ratio(4 * to.filter().capacity_deviation(), 0, 2),
          ratio(5 * world.surprise(d), -2, 2),
          ratio(std::log(0.2 + to.shape().variability()), -2, 2),
          to.reports_believed() ? 0.5 : -0.5,
          whole_load,
          trend,
      };
    }
  }
  return features;
}

}  // namespace weir::controller
