#include "controller/whatif/what_if.h"

#include <algorithm>
#include <utility>

namespace weir::controller {
namespace {

constexpr double k_lead_ms = 20'000;   // for weights and queues to settle before the change
constexpr std::size_t k_recent = 60;   // intervals a fit looks back
constexpr std::size_t k_primed = 120;  // intervals a policy is shown first

/// The newest `count` of them.
std::span<const ServiceObservation> newest(const std::vector<ServiceObservation>& seen,
                                           std::size_t count) {
  return std::span(seen).last(std::min(count, seen.size()));
}

Status check_question(const WhatIf& question) {
  if (!(question.for_ms >= WhatIf::k_for_min_ms && question.for_ms <= WhatIf::k_for_max_ms)) {
    return fail(Code::invalid_argument, "the time to simulate must lie between 10s and 1h");
  }
  if (!(question.tolerated >= 0 && question.tolerated <= 1)) {
    return fail(Code::invalid_argument, "the tolerated share must lie between 0 and 100 %");
  }
  return {};
}

Status check_size(const Scenario& scenario, double scale) {
  double rps = 0;
  for (const SourceDemand& demand : scenario.demand) rps += demand.rps;
  const double requests = rps * std::max(1.0, scale) * scenario.duration_ms / 1000;
  if (requests <= k_simulated_requests_max) return {};
  const double seconds = k_simulated_requests_max / rps / std::max(1.0, scale) - k_lead_ms / 1000;
  if (seconds < WhatIf::k_for_min_ms / 1000) {
    return fail(Code::invalid_argument,
                "with " + std::to_string(static_cast<std::uint64_t>(rps)) +
                    " requests a second there is no time in 3000000 requests, the limit");
  }
  return fail(Code::invalid_argument,
              "that would be " + std::to_string(static_cast<std::uint64_t>(requests)) +
                  " requests; the limit is 3000000: ask for at most " +
                  std::to_string(static_cast<std::uint64_t>(seconds)) + "s");
}

}  // namespace

Result<Answer> answer(const WhatIf& question, const StopAsked& stop) {
  WEIR_TRY(check_question(question));
  const std::span<const ServiceObservation> used =
      newest(question.seen, question.replay ? question.seen.size() : k_recent);
  WEIR_ASSIGN(model, fit(question.setting, question.plan, used, stop));

  Answer answer;
  answer.world = model.scenario;
  follow_recording(question.seen, answer.world);

  Scenario scenario = model.scenario;
  scenario.warm_up_ms = k_lead_ms;
  scenario.duration_ms = k_lead_ms + question.for_ms;
  if (question.replay) follow_recording(used, scenario);
  WEIR_TRY(apply(question.changes, k_lead_ms, scenario));
  WEIR_TRY(check_size(scenario, question.changes.traffic_scale));
  WEIR_TRY(check(scenario));

  answer.regions = question.setting.regions;
  answer.now = present(used, measure(used, scenario.interval_ms, round_trips(scenario)), model);
  WEIR_ASSIGN(configured, predict(model, scenario, {.name = "static"}, question.seed, stop));
  WEIR_ASSIGN(policy, question.make_policy(setting_of(scenario)));
  WEIR_ASSIGN(steered, predict(model, scenario,
                               {.name = question.policy,
                                .policy = policy.get(),
                                .first_shares = model.shares,
                                .limits = question.limits,
                                .past = newest(question.seen, k_primed)},
                               question.seed, stop));
  const auto column = [&](Prediction prediction, bool in_force) {
    auto broken = broken_limits(model, question.changes, prediction, question.tolerated);
    return Answer::Column{std::move(prediction), in_force, std::move(broken)};
  };
  answer.configured = column(std::move(configured), !question.policy_in_force);
  answer.steered = column(std::move(steered), question.policy_in_force);
  answer.fitted = model.intervals;
  answer.notes = std::move(model.notes);
  auto tested = back_test(question.setting, question.plan, question.seen, question.seed, stop);
  if (tested) {
    answer.back_test = *tested;
  } else if (tested.error().code() == Code::cancelled) {
    return fail(std::move(tested).error());
  } else {
    answer.no_back_test = tested.error().message();
  }
  return answer;
}

}  // namespace weir::controller
