#include "controller/whatif/back_test.h"

#include <algorithm>

#include "controller/simulate/simulation.h"
#include "controller/whatif/measured.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_seen_min = 40;
constexpr std::size_t k_predicted_max = 60;
constexpr std::size_t k_lead = 5;  // intervals for queues to fill, before what is compared

BackTest::Figures figures_of(const Measured& measured) {
  return {.in_objective = measured.in_objective(),
          .p50_ms = quantile_ms(measured.latency, 0.5),
          .p99_ms = quantile_ms(measured.latency, 0.99)};
}

}  // namespace

Result<BackTest> back_test(const ServiceSetting& setting, const ServicePlan& plan,
                           std::span<const ServiceObservation> seen, std::uint64_t seed,
                           const StopAsked& stop) {
  if (seen.size() < k_seen_min) {
    return fail(Code::failed_precondition,
                "only " + std::to_string(seen.size()) + " s were seen, a back-test needs 40");
  }
  const std::size_t held = std::min(seen.size() / 3, k_predicted_max);
  const auto known_part = seen.first(seen.size() - held);
  const auto rest = seen.last(held);
  WEIR_ASSIGN(model, fit(setting, plan, known_part, stop));
  Scenario& s = model.scenario;
  s.duration_ms = static_cast<double>(k_lead + held) * s.interval_ms;
  s.warm_up_ms = 0;
  s.publish_ms = 0;
  follow_recording(seen.last(k_lead + held), s);
  WEIR_TRY(check(s));
  Simulation simulation(s, seed,
                        {.min_share = 0, .max_step = 1, .first_shares = rest.front().in_force});
  std::vector<ServiceObservation> shown;
  for (std::size_t i = 0; simulation.advance(); ++i) {
    if (stop()) return fail(Code::cancelled, "the back-test was stopped");
    if (i >= k_lead) shown.push_back(simulation.seen());
    const std::size_t next = i + 1 < k_lead ? 0 : i + 1 - k_lead;
    if (next < rest.size() && !rest[next].in_force.empty()) {
      simulation.wish(
          {.shares = rest[next].in_force, .shed = {}, .why = {}, .expected_in_slo = {}});
    }
  }
  const Grid<double> rtt_ms = round_trips(s);
  const Measured was = measure(rest, s.interval_ms, rtt_ms);
  const Measured came = measure(shown, s.interval_ms, rtt_ms);
  return BackTest{.fitted = known_part.size(),
                  .predicted = held,
                  .requests = was.ended,
                  .seen = figures_of(was),
                  .model = figures_of(came)};
}

}  // namespace weir::controller
