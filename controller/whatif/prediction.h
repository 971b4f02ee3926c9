#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/service_policy.h"
#include "controller/simulate/scenario.h"
#include "controller/whatif/fit.h"
#include "controller/whatif/measured.h"

namespace weir::controller {

/// A service as it is, or as it would be.
struct Prediction {
  std::string name;  // "now", "static", a policy's
  double in_objective = 1;
  double p50_ms = 0;
  double p99_ms = 0;
  double failed = 0;             // errors, timeouts and what was shed, of what was asked
  double cost_per_hour = 0;      // of the bytes between regions
  Grid<double> shares = {};      // by source; of a simulation, in its last half
  std::vector<double> rps = {};  // by region: requests that were sent there
  std::vector<double> load =
      {};  // by region: the most in 5 s, of its capacity; unknown: serves nothing
  std::vector<double> over_s = {};  // by region: for how long it was above 1
};

/// What steers a simulated service.
struct Steering {
  std::string name;
  ServicePolicy* policy = nullptr;  // nullptr: the first shares hold
  Grid<double> first_shares = {};   // empty: the configured weights
  bool limits = true;               // on requests in flight
  /// Shown to the policy first.
  std::span<const ServiceObservation> past = {};
};

/// The present, from what was seen.
Prediction present(std::span<const ServiceObservation> seen, const Measured& measured,
                   const Fit& fit);

/// Counts what begins from the scenario's warm-up on. Errors: cancelled.
Result<Prediction> predict(const Fit& fit, const Scenario& scenario, const Steering& steering,
                           std::uint64_t seed, const StopAsked& stop);

}  // namespace weir::controller
