#include "agent/app/traffic_metrics.h"

#include <algorithm>

namespace weir::agent {
namespace {

using Labels = MetricWriter::Labels;

double number(std::uint64_t count) { return static_cast<double>(count); }

/// A destination nothing was sent to yet is written as well: a series that begins with its first
/// event hides that event from rate().
void write_destination(const DestinationTraffic& row, const Labels& flow, MetricWriter& writer) {
  const auto outcome = [&](const char* name, std::uint64_t count) {
    Labels labels = flow;
    labels["outcome"] = name;
    writer.counter("weir_service_requests_total", "Requests ended, by what became of them.",
                   number(count), labels);
  };
  outcome("ok", row.ok);
  outcome("error", row.errors);
  outcome("timeout", row.timeouts);
  writer.counter("weir_service_requests_in_objective_total", "Requests answered well and in time.",
                 number(row.within_objective), flow);
  writer.counter("weir_service_retries_total", "Requests that failed here and were sent elsewhere.",
                 number(row.retried), flow);
  writer.counter("weir_service_overflows_total",
                 "Requests that came because the chosen destination had no room.",
                 number(row.overflow), flow);
  writer.gauge("weir_service_requests_in_flight", "Requests under way.", row.in_flight, flow);
  writer.histogram("weir_service_request_duration_seconds",
                   "From the choice of a destination to the last byte, of what was answered well.",
                   row.latency, flow);
}

void write_failovers(const FailoverNumbers& failovers,
                     const std::pair<ServiceName, RegionName>& destination, Labels labels,
                     MetricWriter& writer) {
  const auto found = failovers.left.find(destination);
  for (std::size_t i = 0; i < std::size(k_failover_triggers); ++i) {
    labels["trigger"] = k_failover_triggers[i];
    writer.counter("weir_failovers_total", "Times a destination was left, by what failed.",
                   found == failovers.left.end() ? 0 : number(found->second[i]), labels);
  }
}

void write_routes(const AgentNumbers& numbers, MetricWriter& writer) {
  for (const auto& service : numbers.routes.services) {
    const ServiceName& name = service->plan.service;
    for (const Destination& destination : service->destinations) {
      const Labels flow = {{"service", name.value()},
                           {"from", numbers.self.region.value()},
                           {"to", destination.region.value()}};
      const auto row =
          std::ranges::find_if(numbers.totals.destinations, [&](const DestinationTraffic& traffic) {
            return traffic.service == name && traffic.region == destination.region;
          });
      const bool nothing = row == numbers.totals.destinations.end();
      write_destination(nothing ? DestinationTraffic() : *row, flow, writer);
      write_failovers(numbers.failovers, {name, destination.region}, flow, writer);
      writer.gauge("weir_failover_active",
                   "1 while a destination that failed is not back at its whole weight.",
                   destination.left ? 1 : 0, flow);
    }
    writer.gauge(
        "weir_service_panic", "1 while no destination works and all that are permitted are tried.",
        service->panic ? 1 : 0, {{"service", name.value()}, {"from", numbers.self.region.value()}});
  }
}

}  // namespace

void FailoverNumbers::on_event(const FailoverEvent& event) {
  if (event.type != "failover.started") return;
  ++left[{event.service, event.region}][static_cast<std::size_t>(event.trigger)];
}

void FailoverNumbers::on_path(const PathEvent& event, Time applied) {
  if (event.up) return;
  apply.record(applied - event.at);
  if (event.silent > Duration(0)) detect.record(event.silent);
}

void write_traffic_metrics(const AgentNumbers& numbers, MetricWriter& writer) {
  write_routes(numbers, writer);
  writer.histogram("weir_failover_detect_seconds",
                   "From the last packet heard on a path to the verdict that it is down.",
                   numbers.failovers.detect);
  writer.histogram("weir_failover_apply_seconds",
                   "From that verdict to the routing table that knows of it.",
                   numbers.failovers.apply);
  for (const EndpointState& state : numbers.endpoints) {
    writer.gauge("weir_endpoint_healthy", "1 while a server of this cluster passes its checks.",
                 state.healthy ? 1 : 0,
                 {{"service", state.service.value()}, {"endpoint", state.endpoint.to_string()}});
  }
  writer.gauge("weir_gateway_listeners_missing",
               "Services whose port could not be opened; tried again every second.",
               number(numbers.listeners_missing));
  writer.counter("weir_gateway_connections_total", "Connections that clients opened.",
                 number(numbers.totals.clients_accepted), {{"outcome", "accepted"}});
  writer.counter("weir_gateway_connections_total", "Connections that clients opened.",
                 number(numbers.totals.clients_refused), {{"outcome", "refused"}});
  writer.counter("weir_gateway_bad_requests_total", "Requests whose head breaks the rules.",
                 number(numbers.totals.bad_requests));
}

}  // namespace weir::agent
