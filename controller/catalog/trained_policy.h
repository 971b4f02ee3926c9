#pragma once

#include <string_view>

#include "common/base/result.h"
#include "controller/learn/checkpoint.h"
#include "controller/policy/planner/planner_policy.h"
#include "controller/policy/policy_catalog.h"

namespace weir::controller {

/// What a checkpoint tells the planner: settings by name over the defaults, names nobody knows left
/// out; values beyond a setting's bounds are taken to the bound.
PlannerTraining training_of(const Checkpoint& checkpoint);

/// The other way, for writing one.
Checkpoint checkpoint_of(const PlannerTraining& training);

/// The planner with what training found, under the name "learned". Without a checkpoint of the
/// caller's it has the shipped one.
void add_learned(PolicyCatalog& catalog);

/// The checkpoint that is part of the program (docs/learning.md: how it was made).
std::string_view shipped_checkpoint();

}  // namespace weir::controller
