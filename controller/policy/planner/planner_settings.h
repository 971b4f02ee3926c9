#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace weir::controller {

/// The numbers of the planner that no theory fixes. The defaults are set by hand; training finds
/// better ones in the simulator (controller/learn). Times are seconds.
struct PlannerSettings {
  // Estimators
  double service_tau_s = 2.0;    // of service times
  double demand_tau_s = 1.5;     // of the demand's level
  double trend_gain = 0.7;       // share of the level's gain the trend follows with
  double lookahead_s = 1.0;      // the demand planned for lies this far ahead
  double capacity_drift = 0.03;  // standard deviation of log capacity's walk over a second
  double level_drift = 0.15;     // the same of the model's error, in logits
  double level_tau_s = 30.0;     // how soon an error nobody confirms is forgotten
  double evidence_limit = 40.0;  // at most this much information (1 / logit^2) from one interval
  double report_doubt = 0.06;    // relative error of a capacity from reported utilization

  // World model
  double near_s = 0.7;           // when the next interval's requests meet the queue, on average
  double far_s = 4.0;            // when today's choice is paid for
  double near_weight = 0.5;      // of the near time against the far one
  double variance_scale = 1.0;   // on the variance of arrivals and service
  double pool_exponent = 0.8;    // n workers behind the less busy of two queue like n^this pooled
  double local_wait = 0.25;      // times grow by this much at full load, however many the workers
  double capacity_margin = 1.0;  // planned capacity / estimated capacity
  double capacity_doubt = 0.04;  // least relative error assumed of it
  double pessimism = 0.3;        // standard deviations taken off an uncertain chance

  // Plan
  double churn_price = 0.0015;  // chance of an answer given up for each share moved
  double shed_value = 0.003;    // what refusing at once is worth against failing late
  double probe_value = 0.3;     // chance a destination must promise to be worth probing

  // Limits on requests in flight
  double limit_spare = 0.7;       // of a destination's spare capacity, each source may use alone
  double limit_deviations = 0.7;  // of the number in flight that chance alone may bring

  friend bool operator==(const PlannerSettings&, const PlannerSettings&) = default;
};

/// A setting as training sees it.
struct PlannerKnob {
  std::string_view name;
  double PlannerSettings::* value;
  double low;
  double high;
  bool logarithmic;  // moved by factors instead of by differences
  std::string_view meaning;
};

/// All of them, in an order that does not change; new ones are added at the end.
std::span<const PlannerKnob> planner_knobs();

/// The settings `moved` away from `base`: each element moves its knob, 0 leaves it, +-1 is a
/// quarter of its range; every knob stays within its bounds. Missing elements count as 0.
PlannerSettings moved_settings(const PlannerSettings& base, std::span<const double> moved);

}  // namespace weir::controller
