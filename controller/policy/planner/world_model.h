#pragma once

#include <span>
#include <vector>

#include "common/model/grid.h"
#include "common/model/service_policy.h"
#include "controller/policy/planner/demand_forecast.h"
#include "controller/policy/planner/destination_model.h"
#include "controller/policy/planner/evidence.h"
#include "controller/policy/planner/path_table.h"
#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/sojourn.h"

namespace weir::controller {

/// Everything learnt of one service: demand, paths, destinations, and by how much each pair's
/// answers differ from what the model of its destination says. Learns from each interval, whatever
/// is missing in it.
///
///   observation -> evidence -> destinations (service times, capacity, backlog)
///                           -> expected chance of an answer within the objective at the load met
///                           -> the miss moves level and capacity of the destination, then the pair
class WorldModel {
 public:
  WorldModel(const ServiceSetting& setting, const PlannerSettings& settings);

  /// O(regions^2).
  void observe(const ServiceObservation& seen);

  std::size_t size() const { return destinations_.size(); }
  const TimeGrid& grid() const { return grid_; }
  const PathTable& paths() const { return paths_; }
  const DestinationModel& destination(std::size_t to) const { return destinations_[to]; }
  const EvidenceReader& evidence() const { return evidence_; }

  /// Requests per second each source is expected to ask for `ahead_s` from now.
  double demand(std::size_t from, double ahead_s) const { return demand_[from].rate(ahead_s); }

  /// Requests per second that come to a destination because they were refused elsewhere.
  double retries(std::size_t to) const { return retries_[to]; }

  /// The chance of an answer within the objective, given the model's own: less what the destination
  /// loses at any load, moved by what the pair's answers taught, each less `doubts` deviations.
  double learnt(std::size_t from, std::size_t to, double chance, double doubts) const;
  /// The two parts of it: share the destination answers, logits of the pair.
  double answering(std::size_t to, double doubts) const;
  double offset(std::size_t from, std::size_t to, double doubts) const;
  double pair_offset(std::size_t from, std::size_t to) const { return offsets_(from, to).value; }
  /// Share of the pair's answers that failed, whatever their latency.
  double failing(std::size_t from, std::size_t to) const { return failing_(from, to); }
  /// The region says its own clients are served well while it answers others with errors: what it
  /// says of its own clients does not count for some seconds.
  bool doubted(std::size_t region) const { return doubted_s_[region] > 0; }
  /// Chance of an answer within the objective, seen less expected, over the last seconds.
  double surprise(std::size_t to) const { return surprise_[to]; }

 private:
  struct Offset {
    double value = 0;
    double variance = 0.02;
  };
  struct Miss {
    double logits = 0;
    double information = 0;
    double per_level = 0;
    double per_log_capacity = 0;
  };

  void learn_demand(double dt_s);
  void hear_contradictions(std::size_t region, double dt_s);
  void learn_answers(std::size_t to, double dt_s);
  void learn_offsets(std::size_t to, double dt_s, std::span<const Miss> misses, const Miss& moved,
                     double believed);
  Miss miss_of(std::size_t from, std::size_t to, const TimeGrid::Tail& met,
               const TimeGrid::Tail& more) const;
  void learn_failing(std::size_t to, double dt_s);

  const ServiceSetting& setting_;
  const PlannerSettings settings_;
  const TimeGrid grid_;
  double last_t_ms_ = k_unknown;
  PathTable paths_;
  EvidenceReader evidence_;
  std::vector<DemandForecast> demand_;
  std::vector<DestinationModel> destinations_;
  Grid<Offset> offsets_;
  Grid<double> failing_;
  std::vector<double> surprise_;
  std::vector<double> retries_;
  std::vector<double> doubted_s_;  // seconds left
};

/// A chance moved by this many logits.
double moved_chance(double chance, double logits);

}  // namespace weir::controller
