#include "tests/bench/policy/oracle.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/share_plan.h"
#include "controller/policy/planner/sojourn.h"

namespace weir::bench {

using namespace weir::controller;  // NOLINT(google-build-using-namespace): the planner's parts

namespace {

constexpr double k_least_capacity = 1e-3;
constexpr double k_z90 = 1.2816;
constexpr double k_z99 = 2.3263;

/// Log-normal with this mean and squared coefficient of variation.
ServiceShape shape_of(double mean_ms, double cv2) {
  const double sigma = std::sqrt(std::log(1 + cv2));
  const double median = mean_ms / std::sqrt(1 + cv2);
  ServiceShape shape(median);
  shape.learn(median, median * std::exp(k_z90 * sigma), median * std::exp(k_z99 * sigma), 1);
  return shape;
}

/// What a request is worth at a destination, by load and source.
void fill(UtilityTable& table, std::size_t to, const ServiceSetting& setting, const Truth& truth) {
  const PlannerSettings settings;
  const TimeGrid grid(setting.slo_ms);
  const Truth::Region& region = truth.regions[to];
  const double capacity = std::max(region.service_rps, k_least_capacity);
  const double mean_ms =
      region.service_rps > 0 ? 1000 * region.workers / region.service_rps : truth.service_ms;
  const Sojourn sojourn(grid, shape_of(mean_ms, truth.service_cv2));
  const QueueModel queue{.capacity_rps = capacity,
                         .backlog = region.waiting,
                         .workers = std::max(1.0, region.workers),
                         .dispersion = 1,
                         .variability = truth.service_cv2,
                         .variance_scale = settings.variance_scale,
                         .pool_exponent = settings.pool_exponent,
                         .local_wait = settings.local_wait};
  for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
    const double load = UtilityTable::loads()[k] * capacity;
    TimeGrid::Tail wait = wait_over(grid, queue, load, settings.near_s);
    const TimeGrid::Tail far = wait_over(grid, queue, load, settings.far_s);
    for (std::size_t i = 0; i < wait.size(); ++i) {
      wait[i] = settings.near_weight * wait[i] + (1 - settings.near_weight) * far[i];
    }
    const TimeGrid::Tail spent = stretched(grid, sojourn.with_wait(wait), queue.stretch(load));
    const auto row = table.row(to, k);
    for (std::size_t from = 0; from < row.size(); ++from) {
      const double left = setting.slo_ms - truth.rtt_ms(from, to);
      const double arrives = 1 - truth.loss(from, to);
      const bool open = setting.allowed(from, to) != 0 && left > 0 && region.running > 0;
      row[from] =
          open ? (1 - grid.at(spent, left)) * (1 - region.error_share) * arrives * arrives : 0;
    }
  }
}

}  // namespace

Oracle::Oracle(ServiceSetting setting) : setting_(std::move(setting)) {}

ServiceWish Oracle::wish(const Truth& truth, const Grid<double>& in_force) const {
  const std::size_t size = truth.regions.size();
  UtilityTable utility(size, size);
  std::vector<double> capacity(size);
  for (std::size_t to = 0; to < size; ++to) {
    capacity[to] = std::max(truth.regions[to].service_rps, k_least_capacity);
    fill(utility, to, setting_, truth);
  }
  const Grid<double> price(size, size, 0.0);
  const Plan plan = plan_shares({.demand = truth.demand_rps,
                                 .capacity = capacity,
                                 .utility = utility,
                                 .allowed = setting_.allowed,
                                 .price = price,
                                 .previous = in_force,
                                 .churn_price = 1e-4});
  ServiceWish wish;
  wish.shares = plan.shares;
  return wish;
}

}  // namespace weir::bench
