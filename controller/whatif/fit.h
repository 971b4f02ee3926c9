#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/service.h"
#include "common/model/service_policy.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// Asked between two simulated seconds; true ends the work with `cancelled`.
using StopAsked = std::function<bool()>;

/// A model of one service as it was measured.
struct Fit {
  Scenario scenario;
  Grid<double> shares;       // that were in force last, by source
  Grid<char> measured;       // pairs that answered; what is said of others is a prior
  std::vector<char> capped;  // regions whose capacity somebody declared
  std::vector<std::string> notes;
  std::size_t intervals = 0;  // it was fitted on
};

inline constexpr std::size_t k_fit_intervals_min = 20;
inline constexpr double k_fit_answers_min = 100;
inline constexpr double k_fit_rps_max = 40'000;

/// Fits a scenario to observations, oldest first.
///
///   demand         mean of what each source offered
///   paths          median of the round trips, mean loss
///   service time   the quantiles of latency less the round trip, all destinations together, each
///                  destination with a speed of its own; then corrected, quantile by quantile,
///                  until the simulator shows what was measured: its queues' waits are not counted
///                  twice
///   capacity       as declared; else half as much again as the busiest seconds needed, a prior
///   limits, times  as configured
///
/// Errors: failed_precondition (too little was seen), invalid_argument (it cannot be simulated),
/// cancelled.
Result<Fit> fit(const ServiceSetting& setting, const ServicePlan& plan,
                std::span<const ServiceObservation> seen, const StopAsked& stop);

/// The recorded series as demand, an interval a step, instead of its mean.
void follow_recording(std::span<const ServiceObservation> seen, Scenario& scenario);

/// Round trips as the scenario has them.
Grid<double> round_trips(const Scenario& scenario);

}  // namespace weir::controller
