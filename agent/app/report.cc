#include "agent/app/report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

namespace weir::agent {
namespace {

namespace pb = telemetry::v1;
using Key = std::pair<ServiceName, RegionName>;

std::uint32_t to_us(std::chrono::microseconds value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value.count(), 0, UINT32_MAX));
}

std::uint32_t to_ppm(double share) { return static_cast<std::uint32_t>(std::lround(share * 1e6)); }

std::int32_t one_way_ppm(double loss) {
  return loss < 0 ? -1 : static_cast<std::int32_t>(std::lround(loss * 1e6));
}

void put(const PathWindow& window, pb::Path& out) {
  out.set_to_agent(window.to.value());
  out.set_to_region(window.to_region.value());
  out.set_up(window.up);
  out.set_sent(window.sent);
  out.set_received(window.received);
  out.set_rtt_min_us(to_us(window.rtt_min));
  out.set_rtt_p50_us(to_us(window.rtt_p50));
  out.set_rtt_p95_us(to_us(window.rtt_p95));
  out.set_rtt_p99_us(to_us(window.rtt_p99));
  out.set_jitter_us(to_us(window.jitter));
  out.set_loss_ppm(to_ppm(window.loss.value()));
  out.set_loss_out_ppm(one_way_ppm(window.loss_out));
  out.set_loss_back_ppm(one_way_ppm(window.loss_back));
  out.set_full_size_bytes(window.full_size_bytes);
  out.set_full_size_lost(window.full_size_lost);
}

void put(const DestinationTraffic& traffic, pb::Traffic& out) {
  out.set_started(traffic.started);
  out.set_ok(traffic.ok);
  out.set_errors(traffic.errors);
  out.set_timeouts(traffic.timeouts);
  out.set_within_objective(traffic.within_objective);
  out.set_retried(traffic.retried);
  out.set_chosen(traffic.chosen);
  out.set_overflow(traffic.overflow);
  out.set_in_flight(traffic.in_flight);
  out.set_unanswered(traffic.unanswered);
  for (std::size_t bucket = 0; bucket < LatencyHistogram::k_buckets; ++bucket) {
    if (traffic.latency.count(bucket) == 0) continue;
    out.add_bucket_index(static_cast<std::uint32_t>(bucket));
    out.add_bucket_count(traffic.latency.count(bucket));
  }
}

void put_traffic(const ReportInput& input, pb::Report& report) {
  std::map<Key, const DestinationTraffic*> counted;
  for (const auto& traffic : input.traffic.destinations) {
    counted[{traffic.service, traffic.region}] = &traffic;
  }
  for (const auto& service : input.routes.services) {
    double sum = 0;
    for (const double weight : service->weights) sum += weight;
    for (const Destination& destination : service->destinations) {
      pb::Traffic& row = *report.add_traffic();
      const auto found = counted.find({service->plan.service, destination.region});
      if (found != counted.end()) put(*found->second, row);
      row.set_service(service->plan.service.value());
      row.set_to_region(destination.region.value());
      row.set_effective_share_ppm(sum > 0 ? to_ppm(destination.weight / sum) : 0);
      row.set_state(destination.state);
    }
  }
}

void put_endpoints(const ReportInput& input, pb::Report& report) {
  std::map<std::pair<ServiceName, Endpoint>, std::uint32_t> in_flight;
  for (const auto& traffic : input.traffic.endpoints) {
    in_flight[{traffic.service, traffic.endpoint}] = traffic.in_flight;
  }
  for (const EndpointState& state : input.endpoints) {
    pb::EndpointHealth& row = *report.add_endpoints();
    row.set_service(state.service.value());
    row.set_endpoint(state.endpoint.to_string());
    row.set_healthy(state.healthy);
    row.set_reason(state.reason);
    row.set_since_unix_ms(state.since_unix_ms);
    const auto found = in_flight.find({state.service, state.endpoint});
    if (found != in_flight.end()) row.set_in_flight(found->second);
  }
}

}  // namespace

telemetry::v1::Report make_report(const ReportInput& input) {
  pb::Report report;
  report.set_sequence(input.sequence);
  report.set_unix_ms(input.unix_ms);
  report.set_window_ms(input.window_ms);
  report.set_epoch(input.in_force.epoch);
  report.set_generation(input.in_force.generation);
  report.set_dropped_reports(input.dropped_reports);
  for (const PathWindow& window : input.paths) put(window, *report.add_paths());
  put_endpoints(input, report);
  put_traffic(input, report);
  return report;
}

}  // namespace weir::agent
