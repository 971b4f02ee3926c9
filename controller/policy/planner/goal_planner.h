#pragma once

#include <span>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/share_plan.h"
#include "controller/policy/planner/world_tables.h"

namespace weir::controller {

/// Turns the tables into shares for the service's goal and within its cost limit.
///
///   goodput   the chance of an answer within the objective
///   latency   minus the mean latency, failures dear
///   tail      the chance of an answer within the p99 the last plan expected: maximising it pushes
///             that p99 down, and the bound follows
///   cost      as goodput, with a price on cost that is as high as the share to be kept within the
///             objective allows; where less than that share is possible, half a point below what is
///
/// A cost limit raises the price until the plan keeps it. Between the price that keeps a bound and
/// one that does not, the shares of both plans are mixed so that the bound is just kept.
class GoalPlanner {
 public:
  /// `setting` outlives it.
  GoalPlanner(const ServiceSetting& setting, const PlannerSettings& settings);

  /// `held` as in PlanInput.
  Plan plan(const WorldModel& world, const WorldTables& tables, std::span<const double> demand,
            const Grid<double>& previous, std::span<const char> held);

  /// Money one request of the pair costs.
  double cost(std::size_t from, std::size_t to) const { return cost_(from, to); }
  /// What a request is worth that is answered within the objective with `chance`: the chance less
  /// what it costs, at the price the last plan found.
  double worth(double chance, std::size_t from, std::size_t to) const;
  /// Money per hour of a plan.
  double cost_per_hour(const Plan& plan, std::span<const double> demand) const;

 private:
  void fill_utility(const WorldModel& world, const WorldTables& tables);
  void set_price(double per_money);
  double in_slo(const WorldTables& tables, const Plan& plan, std::span<const double> demand) const;
  void follow_tail(const WorldModel& world, const WorldTables& tables, const Plan& plan,
                   std::span<const double> demand);
  Plan cheapest(const WorldTables& tables, const PlanInput& input, Plan plan);
  Plan within_limit(const PlanInput& input, Plan plan);

  const ServiceSetting& setting_;
  const PlannerSettings settings_;
  Grid<double> cost_;
  double dearest_ = 0;
  Grid<double> price_;
  std::vector<double> besides_;  // retries, by destination
  UtilityTable utility_;         // of goals other than goodput and cost
  double tail_ms_;               // the p99 that is pushed down
  double money_price_ = 1;       // of the dearest request, in requests: found by the last cost plan
};

}  // namespace weir::controller
