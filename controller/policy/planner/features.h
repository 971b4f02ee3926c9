#pragma once

#include "controller/policy/planner/correction_net.h"
#include "controller/policy/planner/world_model.h"

namespace weir::controller {

/// What the trained correction sees: each pair as the world model knows it, with the shares that
/// were in force. O(regions^2).
Grid<PairFeatures> pair_features(const WorldModel& world, const ServiceSetting& setting,
                                 const Grid<double>& shares);

}  // namespace weir::controller
