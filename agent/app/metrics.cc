#include "agent/app/metrics.h"

#include <algorithm>
#include <chrono>

namespace weir::agent {
namespace {

double seconds_of(std::chrono::nanoseconds value) {
  return std::chrono::duration<double>(value).count();
}

void write_paths(const AgentNumbers& numbers, MetricWriter& writer) {
  for (const PathWindow& path : numbers.paths) {
    const MetricWriter::Labels labels = {{"to", path.to.value()}};
    writer.gauge("weir_agent_path_up", "1 while the path carries packets.", path.up ? 1 : 0,
                 labels);
    writer.gauge("weir_agent_path_rtt_p50_seconds", "Median round trip of the last 10 s.",
                 seconds_of(path.rtt_p50), labels);
    writer.gauge("weir_agent_path_rtt_p99_seconds", "p99 round trip of the last 10 s.",
                 seconds_of(path.rtt_p99), labels);
    writer.gauge("weir_agent_path_jitter_seconds", "Mean change from one packet to the next.",
                 seconds_of(path.jitter), labels);
    writer.gauge("weir_agent_path_loss_ratio", "Round-trip loss of the last second.",
                 path.loss.value(), labels);
  }
  writer.counter("weir_agent_path_refused_packets_total",
                 "Measuring packets that were malformed or from no peer.",
                 static_cast<double>(numbers.path_counters.refused_packets));
  writer.counter("weir_agent_path_stalls_total",
                 "Times the detector's thread woke more than one interval late.",
                 static_cast<double>(numbers.path_counters.stalls));
  writer.gauge("weir_agent_path_realtime", "1 when the detector runs under SCHED_FIFO.",
               numbers.path_counters.realtime ? 1 : 0);
}

void write_traffic(const GatewayTraffic& totals, MetricWriter& writer) {
  for (const DestinationTraffic& row : totals.destinations) {
    const auto with = [&row](const char* result) {
      return MetricWriter::Labels{
          {"service", row.service.value()}, {"to_region", row.region.value()}, {"result", result}};
    };
    const MetricWriter::Labels labels = {{"service", row.service.value()},
                                         {"to_region", row.region.value()}};
    const char* requests = "weir_agent_gateway_requests_total";
    const char* help = "Requests ended, by destination and result.";
    writer.counter(requests, help, static_cast<double>(row.ok), with("ok"));
    writer.counter(requests, help, static_cast<double>(row.errors), with("error"));
    writer.counter(requests, help, static_cast<double>(row.timeouts), with("timeout"));
    writer.counter("weir_agent_gateway_retried_total", "Requests tried again elsewhere.",
                   static_cast<double>(row.retried), labels);
    writer.counter("weir_agent_gateway_within_objective_total",
                   "Requests answered well and in time.", static_cast<double>(row.within_objective),
                   labels);
    writer.counter("weir_agent_gateway_overflow_total",
                   "Requests that came because the chosen destination had no room.",
                   static_cast<double>(row.overflow), labels);
    writer.gauge("weir_agent_gateway_in_flight", "Requests under way.",
                 static_cast<double>(row.in_flight), labels);
    writer.histogram("weir_agent_gateway_request_duration_seconds",
                     "From the choice of a destination to the last byte, answered well.",
                     row.latency, labels);
  }
  writer.counter("weir_agent_gateway_clients_refused_total", "Connections over the limit.",
                 static_cast<double>(totals.clients_refused));
  writer.counter("weir_agent_gateway_bad_requests_total", "Heads that break the rules.",
                 static_cast<double>(totals.bad_requests));
}

}  // namespace

void add_up(const GatewayTraffic& window, GatewayTraffic& totals) {
  for (const DestinationTraffic& row : window.destinations) {
    auto total = std::ranges::find_if(totals.destinations, [&row](const DestinationTraffic& t) {
      return t.service == row.service && t.region == row.region;
    });
    if (total == totals.destinations.end()) {
      totals.destinations.push_back(row);
      continue;
    }
    total->add(row);
  }
  totals.endpoints = window.endpoints;
  totals.clients_accepted += window.clients_accepted;
  totals.clients_refused += window.clients_refused;
  totals.bad_requests += window.bad_requests;
}

void write_agent_metrics(const AgentNumbers& numbers, MetricWriter& writer) {
  writer.gauge("weir_agent_revision_epoch", "Epoch of the revision in force.",
               static_cast<double>(numbers.in_force.epoch));
  writer.gauge("weir_agent_revision_generation", "Generation of the revision in force.",
               static_cast<double>(numbers.in_force.generation));
  writer.gauge("weir_agent_session_connected", "1 while the controller can be talked to.",
               numbers.connected ? 1 : 0);
  writer.counter("weir_agent_session_dropped_reports_total",
                 "Reports that a newer one replaced, or that had no stream.",
                 static_cast<double>(numbers.dropped_reports));
  writer.gauge("weir_agent_certificate_expiry_timestamp_seconds",
               "When the session's certificate ends.",
               static_cast<double>(numbers.certificate_expires_unix_ms) / 1000);
  for (const EndpointState& state : numbers.endpoints) {
    writer.gauge("weir_agent_endpoint_healthy", "1 while the server passes its checks.",
                 state.healthy ? 1 : 0,
                 {{"service", state.service.value()}, {"endpoint", state.endpoint.to_string()}});
  }
  for (const Watchdog::Lag& lag : numbers.lags) {
    writer.gauge("weir_agent_loop_lag_seconds", "Last lag of a loop.", seconds_of(lag.last),
                 {{"loop", lag.loop}});
    writer.gauge("weir_agent_loop_lag_worst_seconds", "Worst lag of a loop since the start.",
                 seconds_of(lag.worst), {{"loop", lag.loop}});
  }
  writer.gauge("weir_agent_gateway_listeners_missing",
               "Services whose port could not be opened; tried again every second.",
               static_cast<double>(numbers.listeners_missing));
  write_paths(numbers, writer);
  write_traffic(numbers.totals, writer);
}

}  // namespace weir::agent
