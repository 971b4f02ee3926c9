#pragma once

#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/policy_catalog.h"

namespace weir::controller {

/// The planner without learning of its own correction, under the name "planner"; its knobs are its
/// tunables.
void add_planner(PolicyCatalog& catalog);

/// The knobs as tunables, `standard` the values of `base`.
std::vector<Tunable> planner_tunables(const PlannerSettings& base);
PlannerSettings settings_of(const Tuning& tuning);

}  // namespace weir::controller
