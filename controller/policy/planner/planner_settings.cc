#include "controller/policy/planner/planner_settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace weir::controller {
namespace {

using S = PlannerSettings;

constexpr auto k_knobs = std::to_array<PlannerKnob>({
    {"service_tau_s", &S::service_tau_s, 0.3, 15, true, "of service times"},
    {"demand_tau_s", &S::demand_tau_s, 0.2, 10, true, "of the demand's level"},
    {"trend_gain", &S::trend_gain, 0, 1, false, "share of the level's gain the trend follows with"},
    {"lookahead_s", &S::lookahead_s, 0, 4, false, "the demand planned for lies this far ahead"},
    {"capacity_drift", &S::capacity_drift, 0.005, 0.5, true,
     "standard deviation of log capacity's walk over a second"},
    {"level_drift", &S::level_drift, 0.01, 1, true, "the same of the model's error, in logits"},
    {"level_tau_s", &S::level_tau_s, 3, 300, true,
     "how soon an error nobody confirms is forgotten"},
    {"evidence_limit", &S::evidence_limit, 2, 300, true,
     "at most this much information (1 / logit^2) from one interval"},
    {"report_doubt", &S::report_doubt, 0.01, 0.5, true,
     "relative error of a capacity from reported utilization"},
    {"near_s", &S::near_s, 0.1, 2, true,
     "when the next interval's requests meet the queue, on average"},
    {"far_s", &S::far_s, 0.5, 30, true, "when today's choice is paid for"},
    {"near_weight", &S::near_weight, 0, 1, false, "of the near time against the far one"},
    {"variance_scale", &S::variance_scale, 0.2, 5, true, "on the variance of arrivals and service"},
    {"pool_exponent", &S::pool_exponent, 0.3, 1, false,
     "n workers behind the less busy of two queue like n^this pooled"},
    {"capacity_margin", &S::capacity_margin, 0.8, 1.2, false,
     "planned capacity / estimated capacity"},
    {"capacity_doubt", &S::capacity_doubt, 0.005, 0.3, true, "least relative error assumed of it"},
    {"pessimism", &S::pessimism, 0, 2, false, "standard deviations taken off an uncertain chance"},
    {"churn_price", &S::churn_price, 0.0002, 0.1, true,
     "chance of an answer given up for each share moved"},
    {"shed_value", &S::shed_value, 0, 0.05, false,
     "what refusing at once is worth against failing late"},
    {"probe_value", &S::probe_value, 0.05, 0.9, false,
     "chance a destination must promise to be worth probing"},
    {"local_wait", &S::local_wait, 0, 1, false,
     "times grow by this much at full load, however many the workers"},
    {"limit_spare", &S::limit_spare, 0, 1.5, false,
     "of a destination's spare capacity, each source may use alone"},
    {"limit_deviations", &S::limit_deviations, 0, 4, false,
     "of the number in flight that chance alone may bring"},
});

constexpr double k_part_of_range = 0.25;

double moved_value(const PlannerKnob& knob, double value, double by) {
  if (!std::isfinite(by)) return value;
  if (knob.logarithmic) {
    value *= std::exp(k_part_of_range * by * std::log(knob.high / knob.low));
  } else {
    value += k_part_of_range * by * (knob.high - knob.low);
  }
  return std::clamp(value, knob.low, knob.high);
}

}  // namespace

std::span<const PlannerKnob> planner_knobs() { return k_knobs; }

PlannerSettings moved_settings(const PlannerSettings& base, std::span<const double> moved) {
  PlannerSettings settings = base;
  const std::size_t count = std::min(moved.size(), k_knobs.size());
  for (std::size_t i = 0; i < count; ++i) {
    const PlannerKnob& knob = k_knobs[i];
    settings.*knob.value = moved_value(knob, base.*knob.value, moved[i]);
  }
  return settings;
}

}  // namespace weir::controller
