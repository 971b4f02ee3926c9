#pragma once

#include <string_view>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/policy/planner/correction_net.h"
#include "controller/policy/planner/goal_planner.h"
#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/weight_response.h"
#include "controller/policy/planner/world_model.h"
#include "controller/policy/planner/world_tables.h"

namespace weir::controller {

/// What training found. Without weights the policy is the planner alone.
struct PlannerTraining {
  PlannerSettings settings;
  std::vector<double> weights;  // of CorrectionNet
};

/// Steers one service by a model of what every region would do with every load.
///
///   observation -> WorldModel (learns) -> CorrectionNet (trained, bounded, may be silent)
///     -> WorldTables (chances over loads) -> GoalPlanner (all sources at once)
///     -> settle_shares (minimum shares, probes) -> explain_moves
///     -> WeightResponse (what agents make of weights) -> wish
///
/// Needs nothing but the sources' counts: what servers report only makes it quicker. Before any
/// demand was seen it wishes the static weights. Deterministic; no randomness at all.
///
///   cost   well under 1 ms for 6 regions, below 10 ms for 50, an interval
class PlannerPolicy final : public ServicePolicy {
 public:
  /// `name` outlives it: "planner" or "learned".
  PlannerPolicy(std::string_view name, ServiceSetting setting, PlannerTraining training);
  PlannerPolicy(const PlannerPolicy&) = delete;
  PlannerPolicy& operator=(const PlannerPolicy&) = delete;

  std::string_view name() const override { return name_; }
  ServiceWish observe(const ServiceObservation& seen) override;

  const WorldModel& world() const { return world_; }

 private:
  std::vector<char> held_sources(std::vector<char> held) const;
  bool any_demand() const;
  ServiceWish static_wish() const;
  Grid<double> chances_of(const Plan& plan) const;
  void take_in_force(const Grid<double>& told);
  void take_effect(const Grid<double>& wished);

  const std::string_view name_;
  const ServiceSetting setting_;
  const PlannerSettings settings_;
  const CorrectionNet net_;
  WorldModel world_;
  WorldTables tables_;
  GoalPlanner planner_;
  WeightResponse response_;
  bool told_ = false;      // what is in force, by the observation
  Grid<double> in_force_;  // weights, as the step limit lets them follow the wishes
};

}  // namespace weir::controller
