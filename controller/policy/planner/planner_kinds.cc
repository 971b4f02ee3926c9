#include "controller/policy/planner/planner_kinds.h"

#include <memory>

#include "controller/policy/planner/planner_policy.h"

namespace weir::controller {

std::vector<Tunable> planner_tunables(const PlannerSettings& base) {
  std::vector<Tunable> tunables;
  for (const PlannerKnob& knob : planner_knobs()) {
    tunables.push_back({.name = knob.name,
                        .standard = base.*knob.value,
                        .low = knob.low,
                        .high = knob.high,
                        .by_factors = knob.logarithmic,
                        .meaning = knob.meaning});
  }
  return tunables;
}

PlannerSettings settings_of(const Tuning& tuning) {
  PlannerSettings settings;
  for (const PlannerKnob& knob : planner_knobs()) settings.*knob.value = tuning[knob.name];
  return settings;
}

void add_planner(PolicyCatalog& catalog) {
  catalog.add({.name = "planner",
               .summary = "a model of what every region would do, planned for all sources at once",
               .tunables = planner_tunables({}),
               .make = [](const ServiceSetting& setting, const PolicyMaterial& material)
                   -> Result<std::unique_ptr<ServicePolicy>> {
                 return std::make_unique<PlannerPolicy>(
                     "planner", setting,
                     PlannerTraining{.settings = settings_of(material.tuning), .weights = {}});
               }});
}

}  // namespace weir::controller
