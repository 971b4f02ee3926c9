#pragma once

#include <array>
#include <cstddef>

#include "common/model/service_policy.h"
#include "controller/policy/planner/capacity_filter.h"
#include "controller/policy/planner/planner_settings.h"
#include "controller/policy/planner/queue_model.h"
#include "controller/policy/planner/reported_capacity.h"
#include "controller/policy/planner/service_shape.h"
#include "controller/policy/planner/sojourn.h"

namespace weir::controller {

/// What all sources together saw of one destination in an interval, the paths taken off.
struct DestinationEvidence {
  double dt_s = 1;
  double arrived_rps = 0;
  double answered_rps = 0;  // well
  double failed_rps = 0;
  double inside = k_unknown;  // requests there at the end, by the sources' own count (Little)
  double samples = 0;         // answers behind the percentiles
  double p50_ms = k_unknown;
  double p90_ms = k_unknown;
  double p99_ms = k_unknown;
  double dispersion = 1;  // of the arrivals
  ServersSeen servers;
};

/// What is believed of one destination: service times, capacity, queue. Works from the sources'
/// counts alone; what the servers say makes it quicker and is believed only as far as it agrees
/// with what the sources saw.
class DestinationModel {
 public:
  DestinationModel(const ServedIn& served, const TimeGrid& grid, const PlannerSettings& settings);

  /// Takes in an interval. `grid` as given first. Cost about 10 us.
  void observe(const DestinationEvidence& evidence, const TimeGrid& grid);

  /// The queue as it was when the interval before the last observation ended: what the answers of
  /// that interval met.
  QueueModel queue_met() const { return queue_of(backlog_met_); }
  QueueModel queue() const { return queue_of(backlog_); }

  const ServiceShape& shape() const { return shape_; }
  const Sojourn& sojourn() const { return sojourn_; }
  CapacityFilter& filter() { return filter_; }
  const CapacityFilter& filter() const { return filter_; }
  double capacity_rps() const;
  double backlog() const { return backlog_; }
  /// The load that the interval's answers belong to: requests are sent before they end.
  double load_met_rps() const { return load_met_; }
  /// The servers say that none of them is ready, and no source has seen otherwise.
  bool down() const { return down_; }
  /// Some utilization or queue was reported and is believed.
  bool reports_believed() const { return believed_; }
  double ready_share() const { return ready_share_; }
  bool started() const { return started_; }

 private:
  QueueModel queue_of(double backlog) const;
  void start(const DestinationEvidence& evidence);
  void take_ready(const DestinationEvidence& evidence);
  void learn_capacity(const DestinationEvidence& evidence);
  void learn_shape(const DestinationEvidence& evidence, const TimeGrid& grid);
  double wait_measured(const DestinationEvidence& evidence) const;
  void take_floor(const DestinationEvidence& evidence);
  void learn_workers(double dt_s);
  void learn_backlog(const DestinationEvidence& evidence);

  const ServedIn served_;
  const PlannerSettings settings_;
  ServiceShape shape_;
  Sojourn sojourn_;  // of shape_
  CapacityFilter filter_;
  ReportedCapacity reported_;
  bool started_ = false;
  bool shape_seen_ = false;
  bool believed_ = false;
  bool down_ = false;
  double workers_;  // that capacity * service time should come to, learnt slowly
  bool workers_seen_ = false;
  bool anchored_ = false;  // somebody said what it carries
  double ready_ = k_unknown;
  double ready_share_ = 1;
  double dispersion_ = 1;
  double backlog_ = 0;
  double backlog_met_ = 0;
  double load_ = 0;
  double load_met_ = 0;
  std::array<double, 3> answered_{};  // per second, newest first
};

}  // namespace weir::controller
