#include "controller/catalog/trained_policy.h"

#include <algorithm>
#include <memory>

#include "controller/policy/planner/planner_kinds.h"

namespace weir::controller {

PlannerTraining training_of(const Checkpoint& checkpoint) {
  PlannerTraining training{.settings = {}, .weights = checkpoint.weights};
  for (const auto& [name, value] : checkpoint.settings) {
    for (const PlannerKnob& knob : planner_knobs()) {
      if (knob.name == name) training.settings.*knob.value = std::clamp(value, knob.low, knob.high);
    }
  }
  return training;
}

Checkpoint checkpoint_of(const PlannerTraining& training) {
  Checkpoint checkpoint;
  for (const PlannerKnob& knob : planner_knobs()) {
    checkpoint.settings.emplace_back(knob.name, training.settings.*knob.value);
  }
  checkpoint.weights = training.weights;
  return checkpoint;
}

void add_learned(PolicyCatalog& catalog) {
  catalog.add(
      {.name = "learned",
       .summary = "the planner with the settings and the correction that training found",
       .tunables = {},
       .takes_checkpoint = true,
       .make = [](const ServiceSetting& setting,
                  const PolicyMaterial& material) -> Result<std::unique_ptr<ServicePolicy>> {
         const bool shipped = material.checkpoint.empty();
         const auto checkpoint =
             read_checkpoint(shipped ? shipped_checkpoint() : material.checkpoint);
         if (!checkpoint) return fail(checkpoint.error());
         return std::make_unique<PlannerPolicy>("learned", setting, training_of(*checkpoint));
       }});
}

}  // namespace weir::controller
