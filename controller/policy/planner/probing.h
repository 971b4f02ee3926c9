#pragma once

#include <cstddef>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/policy/planner/share_plan.h"
#include "controller/policy/planner/world_tables.h"

namespace weir::controller {

/// A share given to a destination only to hear from it.
struct Probe {
  std::size_t from = 0;
  std::size_t to = 0;
  double share = 0;
};

/// Rounds the plan to what the guards leave anyway (a destination is closed or has `min_share`) and
/// opens every destination nobody would hear from at the least cost: one source, the one most
/// likely to be answered if all is well there, gives it the minimum share. None is spent where the
/// path or the servers themselves say there is nobody, nor where even a good answer would come too
/// late.
std::vector<Probe> settle_shares(const ServiceSetting& setting, const PlannerSettings& settings,
                                 const WorldModel& world, const WorldTables& tables, Plan& plan);

}  // namespace weir::controller
