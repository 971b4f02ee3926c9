#pragma once

#include <span>

#include "common/model/grid.h"
#include "common/model/service_policy.h"
#include "controller/policy/planner/goal_planner.h"
#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/share_plan.h"
#include "controller/policy/planner/world_model.h"
#include "controller/policy/planner/world_tables.h"

namespace weir::controller {

/// Sets the wish's limits: how many requests each source may have open at each destination until
/// the next plan, so that what the plan did not foresee (a burst, a destination that slows down or
/// dies) goes at once where there is room instead of queueing for some seconds.
///
/// A source may use what is planned for it, and part of what the plan leaves spare: others may want
/// the same, but rarely at once. That rate times the time a request takes, path and servers, is
/// what should be open (Little's law); chance brings more, by the deviation of a Poisson number.
/// What has no room goes rather where a request is worth most (`GoalPlanner::worth`). O(regions^2).
void limit_in_flight(const ServiceSetting& setting, const PlannerSettings& settings,
                     const WorldModel& world, const WorldTables& tables, const GoalPlanner& planner,
                     const Plan& plan, std::span<const double> demand, ServiceWish& wish);

}  // namespace weir::controller
