#pragma once

#include <array>
#include <span>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/trained_moves.h"
#include "controller/policy/planner/utility_table.h"
#include "controller/policy/planner/world_model.h"

namespace weir::controller {

/// The world model spread out over all loads, for one interval's plan: how long a request spends at
/// each destination and the chance of each pair that it is answered within the objective.
/// A load is paid for twice: by the next interval's requests, which meet the present backlog, and
/// by those some seconds on, which meet what was built up. What capacity is known only roughly,
/// loads near it are worse than their mean says: each row is averaged over the uncertainty.
class WorldTables {
 public:
  /// `setting` outlives it.
  WorldTables(const ServiceSetting& setting, const PlannerSettings& settings);

  /// Cost about 5 ms for 50 x 50 regions.
  void rebuild(const WorldModel& world, const TrainedMoves& moves);

  /// Capacity planned with, by destination.
  const std::vector<double>& capacity() const { return capacity_; }
  const UtilityTable& chance() const { return chance_; }
  /// P(a request spends longer than a time at the destination) at a load of `chance()`'s rows.
  const TimeGrid::Tail& tail(std::size_t to, std::size_t load) const { return tails_[to][load]; }
  /// The same between two rows.
  TimeGrid::Tail tail(std::size_t to, UtilityTable::Place place) const;
  /// Without any wait.
  const TimeGrid::Tail& unloaded(std::size_t to) const { return unloaded_[to]; }
  /// The pair's chance before anything learnt or trained moved it.
  double plain_chance(const WorldModel& world, std::size_t from, std::size_t to,
                      const TimeGrid::Tail& tail) const;

 private:
  using Rows = std::array<TimeGrid::Tail, UtilityTable::k_loads>;

  void spread(const WorldModel& world, std::size_t to, double horizon);
  void blur(std::size_t to, double deviation);
  void fill_chances(const WorldModel& world, std::size_t to, const TrainedMoves& moves);

  const ServiceSetting& setting_;
  const PlannerSettings settings_;
  std::vector<double> capacity_;
  std::vector<Rows> tails_;
  std::vector<TimeGrid::Tail> unloaded_;
  UtilityTable chance_;
};

}  // namespace weir::controller
