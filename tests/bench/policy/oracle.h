#pragma once

#include "common/model/service_policy.h"
#include "controller/simulate/simulation.h"

namespace weir::bench {

/// A policy that knows what is really so this moment: servers, their queues, demand and paths. It
/// plans with the planner's own queue model and search, so that what it leads by is what the
/// planner does not know; bursts, and what comes next, it knows no better than anybody.
class Oracle {
 public:
  explicit Oracle(ServiceSetting setting);

  /// Shares for now, given those in force. About as dear as the planner.
  ServiceWish wish(const controller::Truth& truth, const Grid<double>& in_force) const;

 private:
  const ServiceSetting setting_;
};

}  // namespace weir::bench
