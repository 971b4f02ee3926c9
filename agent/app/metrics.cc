#include "agent/app/metrics.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "agent/app/traffic_metrics.h"
#include "common/obs/process_metrics.h"
#include "common/tunnel_kernel/tunnel_metrics.h"

namespace weir::agent {
namespace {

using Labels = MetricWriter::Labels;

double number(std::uint64_t count) { return static_cast<double>(count); }

double seconds_of(std::chrono::nanoseconds value) {
  return std::chrono::duration<double>(value).count();
}

void write_paths(const AgentNumbers& numbers, MetricWriter& writer) {
  for (const PathWindow& path : numbers.paths) {
    const Labels labels = {{"from", numbers.self.region.value()},
                           {"to", path.to_region.value()},
                           {"from_agent", numbers.self.agent.value()},
                           {"to_agent", path.to.value()}};
    writer.gauge("weir_path_up", "1 while the path carries packets.", path.up ? 1 : 0, labels);
    writer.histogram(
        "weir_path_rtt_seconds", "Round trips through the tunnel, ten packets a second.",
        RttHistogram::k_bounds, path.since_start.counts, path.since_start.sum_s, labels);
    writer.gauge("weir_path_jitter_seconds",
                 "Mean change of the round trip from one packet to the next, over 10 s.",
                 seconds_of(path.jitter), labels);
    writer.gauge("weir_path_loss_ratio", "Share of the packets of the last 10 s without answer.",
                 path.loss.value(), labels);
  }
  const PathService::Counters& counters = numbers.path_counters;
  writer.counter("weir_path_packets_refused_total",
                 "Measuring packets that were malformed, from no peer or too many.",
                 number(counters.refused_packets));
  writer.counter("weir_path_send_failures_total", "Measuring packets the kernel did not take.",
                 number(counters.send_failures));
  writer.counter("weir_path_stalls_total",
                 "Times the detector's thread woke more than one interval late.",
                 number(counters.stalls));
  writer.gauge("weir_path_realtime", "1 when the detector runs under SCHED_FIFO.",
               counters.realtime ? 1 : 0);
}

void write_tunnel(const AgentNumbers& numbers, MetricWriter& writer) {
  if (numbers.in_force != nullptr) {
    for (const MeshPeer& peer : numbers.in_force->peers) {
      const auto state =
          std::ranges::find(numbers.tunnel_peers, peer.public_key, &PeerState::public_key);
      if (state == numbers.tunnel_peers.end()) continue;
      const std::optional<WallTime>& handshake = state->last_handshake;
      if (!handshake) continue;
      const auto age = std::max(numbers.wall_now - *handshake, WallTime::duration(0));
      writer.gauge("weir_mesh_handshake_age_seconds",
                   "Time since the last WireGuard handshake; missing before the first.",
                   seconds_of(age),
                   {{"from_agent", numbers.self.agent.value()}, {"to_agent", peer.agent.value()}});
    }
  }
  write_tunnel_metrics(numbers.tunnel, numbers.tunnel_backend, writer);
}

void write_session(const AgentNumbers& numbers, MetricWriter& writer) {
  const RevisionId id = numbers.in_force == nullptr ? RevisionId{} : numbers.in_force->id;
  writer.gauge("weir_revision_epoch", "Epoch of the revision in force, or published.",
               number(id.epoch));
  writer.gauge("weir_revision_generation", "Generation of the revision in force, or published.",
               number(id.generation));
  writer.gauge("weir_session_connected", "1 while the controller can be talked to.",
               numbers.connected ? 1 : 0);
  writer.counter("weir_session_reports_dropped_total",
                 "Reports that a newer one replaced, or that had no stream.",
                 number(numbers.dropped_reports));
  writer.gauge("weir_certificate_expires_timestamp_seconds",
               "When a certificate ends, in Unix time.",
               static_cast<double>(numbers.certificate_expires_unix_ms) / 1000,
               {{"certificate", "session"}});
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
  write_build("agent", numbers.version, writer);
  write_session(numbers, writer);
  write_paths(numbers, writer);
  write_tunnel(numbers, writer);
  write_traffic_metrics(numbers, writer);
  write_loops(numbers.lags, writer);
  write_process(writer);
}

}  // namespace weir::agent
