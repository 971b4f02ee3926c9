#include "controller/policy/planner/in_flight_limits.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr double k_preference = 4;  // power of the chance that requests without room follow

}  // namespace

void limit_in_flight(const ServiceSetting& setting, const PlannerSettings& settings,
                     const WorldModel& world, const WorldTables& tables, const GoalPlanner& planner,
                     const Plan& plan, std::span<const double> demand, ServiceWish& wish) {
  const std::size_t n = setting.size();
  wish.in_flight_limits = Grid<double>(n, n, 0.0);
  wish.overflow_weights = Grid<double>(n, n, 0.0);
  for (std::size_t d = 0; d < n; ++d) {
    const double capacity = tables.capacity()[d];
    const double spare = settings.limit_spare * std::max(0.0, capacity - plan.load[d]);
    const auto place = UtilityTable::place(plan.load[d] / capacity);
    const double inside_ms = world.grid().mean(tables.tail(d, place));
    for (std::size_t s = 0; s < n; ++s) {
      if (setting.allowed(s, d) == 0) continue;
      const double rate = demand[s] * (1 - plan.shed[s]) * plan.shares(s, d) + spare;
      if (rate <= 0) continue;
      const double open = rate * (world.paths().rtt_ms(s, d) + inside_ms) / 1000;
      wish.in_flight_limits(s, d) =
          std::ceil(open + settings.limit_deviations * std::sqrt(open) + 1);
      const double worth = planner.worth(tables.chance().value(s, d, place), s, d);
      wish.overflow_weights(s, d) = std::pow(worth, k_preference);
    }
  }
}

}  // namespace weir::controller
