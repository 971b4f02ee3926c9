#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "controller/learn/checkpoint.h"
#include "controller/learn/trainer.h"
#include "controller/policy/planner/planner_policy.h"
#include "controller/simulate/scenario.h"

namespace weir::policy {

/// What a training run looks for.
enum class Stage {
  settings,  // the planner's settings
  weights,   // the correction on top, with the settings the start has
};

struct TrainOptions {
  Stage stage = Stage::settings;
  controller::TrainingPlan plan;
  unsigned threads = 1;
  std::vector<controller::Scenario> worlds = {};  // measured ones, to train on beside made-up ones
  std::string recipe;                             // kept in the checkpoint, for people
};

/// Reads a JSON object: "stage" ("settings" or "weights"), "seed", "population", "sigma",
/// "generations", "cases", "validate_every", "threads"; what is left out has its default. Errors:
/// invalid_argument (names the field, the value and the rule; an unknown field is one).
Result<TrainOptions> read_train_options(std::string_view json);

/// Misses of a policy with `training` on a case, relative to `base_misses`: 1 as many, at most 5.
double case_loss(const controller::PlannerTraining& training, const controller::TrainingTask& task,
                 double base_misses, std::span<const controller::Scenario> worlds = {});
/// Share of a case's requests not answered within the objective.
double case_misses(const controller::PlannerTraining& training, std::uint64_t number,
                   bool validation, std::span<const controller::Scenario> worlds = {});

/// Trains from `start`, or goes on with it when it carries a search of the same stage and size.
/// `progress` gets a checkpoint after every generation, complete enough to resume from; false
/// stops. Returns the checkpoint to ship: the best candidate in validation and the curve, no
/// search. The same options and start give the same bytes, whatever the threads.
using TrainProgress =
    std::function<bool(const controller::CurvePoint& point, const controller::Checkpoint& sofar)>;
Result<controller::Checkpoint> train(const TrainOptions& options,
                                     const controller::Checkpoint& start,
                                     const TrainProgress& progress);

}  // namespace weir::policy
