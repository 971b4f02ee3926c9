#include "controller/app/service_metrics.h"

#include <map>
#include <utility>

namespace weir::controller {
namespace {

using Labels = MetricWriter::Labels;

double number(std::uint64_t count) { return static_cast<double>(count); }

/// What is published, what agents make of it, and what requests then do.
void write_weights(ControlPlane& plane, const PublishedWeights& weights, MetricWriter& writer) {
  const WeightChange& change = weights.change;
  const Time now = plane.clock().now();
  double sum = 0;
  std::uint64_t started = 0;
  std::vector<std::uint64_t> flows;
  for (const Weight& weight : change.after) {
    sum += weight.weight;
    const FlowKey key{.service = change.service, .from = change.from, .to = weight.region};
    flows.push_back(plane.telemetry().sums(key, now).started);
    started += flows.back();
  }
  for (std::size_t i = 0; i < change.after.size(); ++i) {
    const Weight& weight = change.after[i];
    const Labels labels = {{"service", change.service.value()},
                           {"from", change.from.value()},
                           {"to", weight.region.value()}};
    writer.gauge("weir_service_weight_ratio", "Share of the requests by the published weights.",
                 sum > 0 ? weight.weight / sum : 0, labels);
    const auto state =
        plane.telemetry().flow_state({change.service, change.from, weight.region}, now);
    if (state) {
      writer.gauge("weir_service_weight_effective_ratio",
                   "Share by the weights as agents use them: after failover, spill and ramps.",
                   state->effective_share_ppm * 1e-6, labels);
    }
    if (started > 0) {
      writer.gauge("weir_service_weight_seen_ratio",
                   "Share of the requests of the last 10 s; missing where there were none.",
                   number(flows[i]) / number(started), labels);
    }
  }
  const bool pinned = plane.pins().find(change.service, change.from, plane.unix_ms()) != nullptr;
  writer.gauge("weir_service_weights_pinned", "1 while an operator's pin sets the weights.",
               pinned ? 1 : 0,
               {{"service", change.service.value()}, {"from", change.from.value()}});
}

void write_endpoints(ControlPlane& plane, MetricWriter& writer) {
  struct Servers {
    double all = 0;
    double healthy = 0;
  };
  std::map<std::pair<std::string, std::string>, Servers> found;
  for (const EndpointRow& row : plane.telemetry().endpoints(plane.clock().now())) {
    Servers& servers = found[{row.health.service(), row.region.value()}];
    ++servers.all;
    servers.healthy += row.fresh && row.health.healthy() ? 1 : 0;
  }
  for (const auto& [key, servers] : found) {
    const Labels labels = {{"service", key.first}, {"region", key.second}};
    writer.gauge("weir_service_endpoints", "Servers of a service in a region.", servers.all,
                 labels);
    writer.gauge("weir_service_endpoints_healthy",
                 "Those that pass their checks, by a report younger than 10 s.", servers.healthy,
                 labels);
  }
}

void write_decisions(const SteeringLoop::View& view, const std::string& service,
                     MetricWriter& writer) {
  const auto outcome = [&](const char* name, std::uint64_t count) {
    writer.counter("weir_decisions_total", "Decisions of policies, by what became of them.",
                   number(count), {{"service", service}, {"outcome", name}});
  };
  const DecisionCount::Totals& totals = view.decisions->totals();
  outcome("applied", totals.applied);
  outcome("clamped", totals.clamped);
  outcome("shadow", totals.shadow);
  outcome("rejected", totals.rejected);
}

void write_policy(const SteeringLoop::View& view, MetricWriter& writer) {
  const std::string service = view.config->plan.service.value();
  const ServiceSteering* steering = view.steering;
  writer.gauge("weir_policy_info",
               "Always 1; which policy is asked about a service, and in which mode.", 1,
               {{"service", service},
                {"policy", steering == nullptr ? std::string("static") : steering->policy()},
                {"mode", std::string(policy_mode_name(view.mode))}});
  writer.gauge("weir_policy_rung", "Which policy of the ladder is asked; 0: the configured one.",
               steering == nullptr ? 0 : number(steering->rung()), {{"service", service}});
  write_decisions(view, service, writer);
  const auto cut = steering == nullptr ? std::nullopt : steering->cost_cut();
  writer.gauge("weir_guardrail_breached",
               "1 while a guard cannot be kept whatever the weights are.",
               cut && !cut->kept ? 1 : 0, {{"service", service}, {"rule", "cost_ceiling"}});
  if (steering == nullptr || steering->outcome().ended <= 0) return;
  const Outcome& seen = steering->outcome();
  writer.gauge("weir_policy_objective_expected_ratio",
               "Share of the last minute's requests that the policy expected in the objective.",
               seen.expected / seen.ended, {{"service", service}});
  writer.gauge("weir_policy_objective_seen_ratio",
               "Share of the same requests that were; missing where the policy steers nothing.",
               seen.in_slo / seen.ended, {{"service", service}});
}

}  // namespace

void write_service_metrics(ControlPlane& plane, MetricWriter& writer) {
  for (const auto& [key, weights] : plane.publisher().state().weights) {
    write_weights(plane, weights, writer);
  }
  write_endpoints(plane, writer);
  std::uint64_t cost_cuts = 0;
  for (const SteeringLoop::View& view : plane.steering().views()) {
    const std::string service = view.config->plan.service.value();
    write_policy(view, writer);
    cost_cuts += view.cost_cuts;
    const auto changes = plane.published_count().changes().find(view.config->plan.service);
    const bool none = changes == plane.published_count().changes().end();
    writer.counter("weir_weight_changes_total", "Published changes of weights, of all sources.",
                   none ? 0 : number(changes->second), {{"service", service}});
  }
  writer.histogram("weir_decision_duration_seconds",
                   "From the question to the policy's answer, its wait for others included.",
                   plane.steering().decision_durations());
  const char* clamps = "weir_guardrail_clamps_total";
  const char* help = "Times a guard changed what was wished, by its rule.";
  for (const auto& [rule, count] : plane.published_count().clamps()) {
    writer.counter(clamps, help, number(count), {{"rule", rule}});
  }
  writer.counter(clamps, help, number(cost_cuts), {{"rule", "cost_ceiling"}});
}

}  // namespace weir::controller
