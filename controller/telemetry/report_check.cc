#include "controller/telemetry/report_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/text.h"
#include "common/model/histogram.h"
#include "common/model/revision.h"
#include "common/net/ip.h"

namespace weir::controller {
namespace {

namespace pb = telemetry::v1;

constexpr std::uint32_t k_window_ms_max = 60'000;
constexpr std::uint64_t k_count_max = 1'000'000'000;  // of requests in one window
constexpr std::uint32_t k_packets_max = 1'000'000;
constexpr std::uint32_t k_packet_bytes_max = 65'535;
constexpr std::uint32_t k_in_flight_max = 100'000'000;
constexpr std::uint32_t k_ppm = 1'000'000;
constexpr int k_paths_max = static_cast<int>(k_peers_max);
constexpr int k_endpoints_max = 20'000;
constexpr int k_traffic_max = 20'000;
constexpr std::size_t k_text_max = 500;
constexpr std::string_view k_agent_events[] = {"agent.disk",
                                               "agent.isolated",
                                               "agent.rejoined",
                                               "discovery.failed",
                                               "discovery.recovered",
                                               "endpoint.down",
                                               "endpoint.up",
                                               "failover.ended",
                                               "failover.panic",
                                               "failover.panic_ended",
                                               "failover.ramping",
                                               "failover.started",
                                               "gateway.listener_failed",
                                               "gateway.listeners_open",
                                               "path.down",
                                               "path.up",
                                               "weights.back",
                                               "weights.faded"};

std::unexpected<Error> broken(std::string message) {
  return fail(Code::invalid_argument, std::move(message));
}

Status check_length(const char* what, int length, int limit) {
  if (length <= limit) return {};
  return fail(Code::resource_exhausted,
              std::to_string(length) + " " + what + "; the limit is " + std::to_string(limit));
}

Status check_region(const std::string& region, const MeshNames& names) {
  if (names.regions.contains(RegionName(region))) return {};
  return broken("region " + in_quotes(region) + " is none of this mesh");
}

Status check_service(const std::string& service, const MeshNames& names) {
  if (names.services.contains(ServiceName(service))) return {};
  return broken("service " + in_quotes(service) + " is not configured");
}

Status check_text(const char* what, const std::string& text) {
  if (text.size() <= k_text_max) return {};
  return broken(std::string(what) + " has " + std::to_string(text.size()) +
                " bytes; the limit is " + std::to_string(k_text_max));
}

Status check_path(const pb::Path& path, const AgentId& agent, const MeshNames& names) {
  WEIR_TRY(check_region(path.to_region(), names));
  if (!valid_name(path.to_agent(), true) || path.to_agent() == agent.value()) {
    return broken("path to " + in_quotes(path.to_agent()) + ": no other agent's name");
  }
  // An answer may come a window after its question: received may be above sent.
  if (path.received() > k_packets_max || path.sent() > k_packets_max) {
    return broken("path to " + path.to_agent() + ": more than 1000000 packets in one window");
  }
  const bool ordered = path.rtt_min_us() <= path.rtt_p50_us() &&
                       path.rtt_p50_us() <= path.rtt_p95_us() &&
                       path.rtt_p95_us() <= path.rtt_p99_us();
  if (!ordered) return broken("path to " + path.to_agent() + ": quantiles are not in order");
  const auto most = static_cast<std::int32_t>(k_ppm);
  if (path.loss_ppm() > k_ppm || path.loss_out_ppm() > most || path.loss_out_ppm() < -1 ||
      path.loss_back_ppm() > most || path.loss_back_ppm() < -1) {
    return broken("path to " + path.to_agent() + ": a loss is above 1000000 ppm");
  }
  if (path.full_size_bytes() > k_packet_bytes_max || path.full_size_lost() > k_packets_max) {
    return broken("path to " + path.to_agent() + ": probes of no possible size or number");
  }
  return {};
}

Status check_endpoint(const pb::EndpointHealth& health, const MeshNames& names) {
  WEIR_TRY(check_service(health.service(), names));
  if (!Endpoint::parse(health.endpoint())) {
    return broken("endpoint " + in_quotes(health.endpoint()) + " is no ADDRESS:PORT");
  }
  if (health.in_flight() > k_in_flight_max) return broken("in flight above 100000000");
  return check_text("a health reason", health.reason());
}

Status check_histogram(const pb::Traffic& traffic) {
  if (traffic.bucket_index_size() != traffic.bucket_count_size()) {
    return broken("a latency histogram has " + std::to_string(traffic.bucket_index_size()) +
                  " indexes for " + std::to_string(traffic.bucket_count_size()) + " counts");
  }
  std::int64_t last = -1;
  for (int i = 0; i < traffic.bucket_index_size(); ++i) {
    const std::uint32_t index = traffic.bucket_index(i);
    if (index >= LatencyHistogram::k_buckets || static_cast<std::int64_t>(index) <= last) {
      return broken("latency bucket " + std::to_string(index) + " is out of range or order");
    }
    last = index;
    if (traffic.bucket_count(i) > k_count_max) return broken("a latency bucket counts too much");
  }
  return {};
}

Status check_traffic(const pb::Traffic& traffic, const MeshNames& names) {
  WEIR_TRY(check_service(traffic.service(), names));
  WEIR_TRY(check_region(traffic.to_region(), names));
  for (const std::uint64_t count :
       {traffic.started(), traffic.ok(), traffic.errors(), traffic.timeouts(),
        traffic.within_objective(), traffic.retried(), traffic.chosen(), traffic.overflow()}) {
    if (count > k_count_max) {
      return broken("traffic of " + traffic.service() + " to " + traffic.to_region() + ": " +
                    std::to_string(count) + " requests in one window; the limit is 1000000000");
    }
  }
  if (traffic.within_objective() > traffic.ok()) {
    return broken("traffic of " + traffic.service() + " to " + traffic.to_region() +
                  ": more within the objective than answered well");
  }
  if (traffic.overflow() > traffic.started() || traffic.unanswered() > traffic.in_flight()) {
    return broken("traffic of " + traffic.service() + " to " + traffic.to_region() +
                  ": parts that are more than the whole");
  }
  if (traffic.effective_share_ppm() > k_ppm || traffic.in_flight() > k_in_flight_max) {
    return broken("traffic of " + traffic.service() + " to " + traffic.to_region() +
                  ": share or in flight out of range");
  }
  WEIR_TRY(check_text("a traffic state", traffic.state()));
  return check_histogram(traffic);
}

}  // namespace

Status check_report(const pb::Report& report, const AgentId& agent, const MeshNames& names) {
  if (report.window_ms() == 0 || report.window_ms() > k_window_ms_max) {
    return broken("a window of " + std::to_string(report.window_ms()) +
                  " ms; the rule is 1 to 60000");
  }
  WEIR_TRY(check_length("paths", report.paths_size(), k_paths_max));
  WEIR_TRY(check_length("endpoints", report.endpoints_size(), k_endpoints_max));
  WEIR_TRY(check_length("traffic rows", report.traffic_size(), k_traffic_max));
  std::set<std::string> told;
  for (const pb::Path& path : report.paths()) {
    WEIR_TRY(check_path(path, agent, names));
    if (!told.insert(path.to_agent()).second) {
      return broken("path to " + path.to_agent() + " is told twice");
    }
  }
  std::set<std::pair<std::string, std::string>> pairs;
  for (const pb::EndpointHealth& health : report.endpoints()) {
    WEIR_TRY(check_endpoint(health, names));
    if (!pairs.emplace(health.service(), health.endpoint()).second) {
      return broken("endpoint " + health.endpoint() + " is told twice");
    }
  }
  pairs.clear();
  for (const pb::Traffic& traffic : report.traffic()) {
    WEIR_TRY(check_traffic(traffic, names));
    if (!pairs.emplace(traffic.service(), traffic.to_region()).second) {
      return broken("traffic to " + traffic.to_region() + " is told twice");
    }
  }
  return {};
}

Status check_event(const pb::Event& event, const MeshNames& names) {
  if (std::ranges::find(k_agent_events, event.type()) == std::end(k_agent_events)) {
    return broken("event type " + in_quotes(event.type()) + " is none an agent tells");
  }
  if (event.severity() != "info" && event.severity() != "warn" && event.severity() != "error") {
    return broken("event severity " + in_quotes(event.severity()) +
                  " is none of info, warn, error");
  }
  if (!event.region().empty()) WEIR_TRY(check_region(event.region(), names));
  if (!event.service().empty()) WEIR_TRY(check_service(event.service(), names));
  if (!event.agent().empty() && !valid_name(event.agent(), true)) {
    return broken("event agent " + in_quotes(event.agent()) + " is no agent's name");
  }
  return check_text("an event", event.message());
}

}  // namespace weir::controller
