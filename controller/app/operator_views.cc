// The views of the operator desk: everything is answered from memory, on the core thread.

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/crypto/x509.h"
#include "controller/app/operator_desk.h"
#include "controller/app/weight_message.h"
#include "controller/policy/evacuation.h"

namespace weir::controller {

namespace pb = admin::v1;

namespace {

constexpr std::size_t k_history_shown = 20;
constexpr std::size_t k_changes_shown = 100;

std::uint32_t ppm(double share) { return static_cast<std::uint32_t>(share * 1e6 + 0.5); }

pb::Change to_message(const WeightChange& change) {
  pb::Change out;
  out.set_service(change.service.value());
  out.set_from_region(change.from.value());
  out.set_epoch(change.id.epoch);
  out.set_generation(change.id.generation);
  out.set_unix_ms(change.unix_ms);
  out.set_by(change.by);
  put(change.before, *out.mutable_before());
  put(change.after, *out.mutable_after());
  for (const Reason& reason : change.reasons) put(reason, *out.add_reasons());
  for (const auto& guard : change.guards) out.add_guards(guard);
  if (change.expected_in_objective) {
    out.set_expected_in_objective_ppm(ppm(*change.expected_in_objective));
  }
  if (change.seen_before) put(*change.seen_before, *out.mutable_seen_before());
  if (change.seen_after) put(*change.seen_after, *out.mutable_seen_after());
  return out;
}

/// The weightiest term about the region, and the guard that speaks of it.
std::string why_of(const WeightChange& change, const RegionName& region) {
  const auto reason = std::ranges::find(change.reasons, region, &Reason::region);
  std::string why = reason == change.reasons.end() ? std::string() : reason->term;
  for (const std::string& guard : change.guards) {
    const std::size_t colon = guard.find(": ");
    if (colon != std::string::npos && guard.substr(colon + 2).starts_with(region.value() + " ")) {
      why += (why.empty() ? "" : ", ") + guard.substr(0, colon);
    }
  }
  return why;
}

std::uint32_t tier_of(const ControllerOptions& options, const ServiceName& service,
                      const RegionName& from, const RegionName& to) {
  for (const ServiceConfig& config : options.services) {
    const auto tiers = config.tiers.find(from);
    if (config.plan.service != service || tiers == config.tiers.end()) continue;
    for (std::size_t i = 0; i < tiers->second.size(); ++i) {
      if (std::ranges::find(tiers->second[i], to) != tiers->second[i].end()) {
        return static_cast<std::uint32_t>(i);
      }
    }
  }
  return 0;
}

std::uint32_t to_u32(std::chrono::microseconds duration) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 0, UINT32_MAX));
}

bool counts_as_healthy(const EndpointRow& endpoint) {
  return endpoint.fresh && endpoint.health.healthy();
}

/// What an agent told before it fell silent is nobody's present state.
telemetry::v1::EndpointHealth shown(const EndpointRow& endpoint) {
  telemetry::v1::EndpointHealth health = endpoint.health;
  if (endpoint.fresh) return health;
  health.set_healthy(false);
  health.set_in_flight(0);
  health.set_reason("no report from " + endpoint.agent.value());
  return health;
}

}  // namespace

OperatorDesk::OperatorDesk(ControlPlane& plane, Parts parts)
    : plane_(plane),
      parts_(std::move(parts)),
      started_unix_ms_(plane.unix_ms()),
      what_if_(plane),
      configured_log_level_(parts_.log.level()) {}

bool OperatorDesk::synced(const AgentRecord& agent) {
  const auto revision = plane_.publisher().revision_for(agent.id);
  const AgentAck ack = plane_.acks().of(agent.id);
  return revision != nullptr && plane_.sessions().find(agent.id) != nullptr &&
         ack.acked == RevisionId{.epoch = revision->epoch(), .generation = revision->generation()};
}

std::vector<std::string> OperatorDesk::warnings() {
  std::vector<std::string> out = plane_.warnings();
  if (!plane_.store_problem().empty()) out.push_back(plane_.store_problem());
  for (const AgentRecord& agent : plane_.agents()) {
    if (plane_.sessions().find(agent.id) == nullptr) {
      out.push_back(agent.id.value() + " of cluster " + agent.cluster.value() +
                    " is not connected");
    }
    const AgentAck ack = plane_.acks().of(agent.id);
    if (!ack.refusal.empty()) {
      out.push_back(agent.id.value() + " refused revision " + std::to_string(ack.refused.epoch) +
                    "." + std::to_string(ack.refused.generation) + ": " + in_quotes(ack.refusal));
    }
  }
  for (const SteeringLoop::View& view : plane_.steering().views()) {
    if (view.steering == nullptr || view.steering->rung() == 0) continue;
    out.push_back(view.config->plan.service.value() + " is steered by " + view.steering->policy() +
                  ": " + view.steering->last_fall());
  }
  if (!plane_.publisher().settled()) {
    out.emplace_back("some weights are still on their way: a step limit holds them");
  }
  return out;
}

void OperatorDesk::certificate_shown(std::string used_for, std::string file,
                                     const std::string& pem) {
  const auto certificate = Certificate::from_pem(pem);
  if (!certificate) return;  // the server that cannot use it says so
  pb::ShownCertificate& shown = certificates_.emplace_back();
  shown.set_used_for(std::move(used_for));
  shown.set_file(std::move(file));
  shown.set_begins_unix_ms(certificate->not_before_unix_ms());
  shown.set_expires_unix_ms(certificate->not_after_unix_ms());
}

pb::StatusReply OperatorDesk::status() {
  pb::StatusReply reply;
  reply.set_version(plane_.version());
  reply.set_mesh(plane_.options().mesh);
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  reply.set_started_unix_ms(started_unix_ms_);
  reply.set_store(parts_.store_kind);
  std::uint32_t connected = 0;
  std::uint32_t in_sync = 0;
  for (const AgentRecord& agent : plane_.agents()) {
    connected += plane_.sessions().find(agent.id) != nullptr ? 1U : 0U;
    in_sync += synced(agent) ? 1U : 0U;
  }
  reply.set_agents_total(static_cast<std::uint32_t>(plane_.agents().size()));
  reply.set_agents_connected(connected);
  reply.set_agents_synced(in_sync);
  std::uint32_t up = 0;
  const Time now = plane_.clock().now();
  const auto paths = plane_.telemetry().paths(now);
  for (const PathRow& path : paths) up += path.fresh && path.path.up() ? 1U : 0U;
  reply.set_paths_total(static_cast<std::uint32_t>(paths.size()));
  reply.set_paths_up(up);
  reply.set_services(static_cast<std::uint32_t>(plane_.options().services.size()));
  reply.set_active_failovers(static_cast<std::uint32_t>(plane_.telemetry().failovers(now).size()));
  reply.set_pins(static_cast<std::uint32_t>(plane_.pins().all().size()));
  reply.set_guardrails_changed(static_cast<std::uint32_t>(plane_.guardrails().all().size()));
  std::uint32_t healthy = 0;
  const auto endpoints = plane_.telemetry().endpoints(now);
  for (const EndpointRow& endpoint : endpoints) healthy += counts_as_healthy(endpoint) ? 1U : 0U;
  reply.set_endpoints_total(static_cast<std::uint32_t>(endpoints.size()));
  reply.set_endpoints_healthy(healthy);
  reply.set_last_publish_unix_ms(plane_.last_publish_unix_ms());
  for (auto& warning : warnings()) reply.add_warnings(std::move(warning));
  reply.set_overlay(plane_.options().overlay.to_string());
  if (const auto& room = plane_.store_room()) {
    reply.mutable_store_room()->set_folder(room->folder);
    reply.mutable_store_room()->set_free_bytes(room->free_bytes);
    reply.mutable_store_room()->set_reserve_bytes(room->reserve_bytes);
  }
  for (const pb::ShownCertificate& shown : certificates_) *reply.add_certificates() = shown;
  return reply;
}

pb::ListAgentsReply OperatorDesk::agents() {
  pb::ListAgentsReply reply;
  const auto peers = plane_.peers();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const AgentRecord& agent = plane_.agents()[i];
    pb::Agent& row = *reply.add_agents();
    row.set_agent(agent.id.value());
    row.set_region(agent.region.value());
    row.set_cluster(agent.cluster.value());
    row.set_overlay_address(agent.overlay.to_string());
    if (peers[i].endpoint) row.set_endpoint(peers[i].endpoint->to_string());
    row.set_public_key(to_base64(agent.public_key));
    row.set_joined_unix_ms(agent.joined_unix_ms);
    row.set_certificate_expires_unix_ms(agent.certificate_expires_unix_ms);
    if (const SessionState* session = plane_.sessions().find(agent.id)) {
      row.set_connected(true);
      row.set_version(session->hello.version());
      row.set_tunnel_backend(session->hello.tunnel_backend());
      row.set_tunnel_backend_reason(session->hello.tunnel_backend_reason());
      row.set_last_seen_unix_ms(to_unix_ms(session->last_seen));
    }
    if (const auto ahead = plane_.telemetry().clock_ahead_ms(agent.id)) {
      row.set_clock_ahead_ms(*ahead);
    }
    const AgentAck ack = plane_.acks().of(agent.id);
    row.set_acked_epoch(ack.acked.epoch);
    row.set_acked_generation(ack.acked.generation);
    row.set_nack(ack.refusal);
  }
  return reply;
}

pb::ListRegionsReply OperatorDesk::regions() {
  pb::ListRegionsReply reply;
  for (const RegionName& region : plane_.options().regions) {
    pb::Region& row = *reply.add_regions();
    row.set_name(region.value());
    const auto place = plane_.options().locations.find(region);
    if (place == plane_.options().locations.end()) continue;
    row.set_latitude(place->second.latitude);
    row.set_longitude(place->second.longitude);
  }
  return reply;
}

pb::ListPathsReply OperatorDesk::paths() {
  pb::ListPathsReply reply;
  for (const RegionName& region : plane_.options().regions) reply.add_regions(region.value());
  for (PathRow& path : plane_.telemetry().paths(plane_.clock().now())) {
    pb::PathStatus& row = *reply.add_paths();
    row.set_from_agent(path.from.value());
    row.set_from_region(path.from_region.value());
    *row.mutable_path() = std::move(path.path);
    if (!path.fresh) row.mutable_path()->set_up(false);
    row.set_unix_ms(path.unix_ms);
    row.set_since_unix_ms(path.since_unix_ms);
  }
  return reply;
}

Result<pb::ListServicesReply> OperatorDesk::services(const pb::ListServicesRequest& what) {
  WEIR_TRY(check_pair(what.service(), ""));
  const Time now = plane_.clock().now();
  const auto wanted = [&what](const std::string& service) {
    return what.service().empty() || what.service() == service;
  };
  std::map<std::pair<std::string, RegionName>, double> rates;
  for (const FlowKey& flow : plane_.telemetry().flows()) {
    if (!wanted(flow.service.value())) continue;
    rates[{flow.service.value(), flow.to}] +=
        plane_.telemetry().sums(flow, now).requests_per_second;
  }
  std::map<std::pair<std::string, RegionName>, std::vector<const EndpointRow*>> servers;
  const auto endpoints = plane_.telemetry().endpoints(now);
  for (const EndpointRow& endpoint : endpoints) {
    if (!wanted(endpoint.health.service())) continue;
    servers[{endpoint.health.service(), endpoint.region}].push_back(&endpoint);
  }
  pb::ListServicesReply reply;
  for (const ServiceConfig& service : plane_.options().services) {
    const std::string& name = service.plan.service.value();
    if (!wanted(name)) continue;
    pb::Service& row = *reply.add_services();
    row.set_service(name);
    row.set_protocol(service.plan.protocol == Protocol::http ? policy::v1::PROTOCOL_HTTP
                                                             : policy::v1::PROTOCOL_TCP);
    row.set_listen_port(service.plan.listen_port);
    row.set_objective_ms(static_cast<std::uint32_t>(service.plan.objective.count()));
    for (const RegionName& region : plane_.options().regions) {
      pb::ServiceRegion& cell = *row.add_regions();
      cell.set_region(region.value());
      cell.set_requests_per_second(rates[{name, region}]);
      for (const EndpointRow* endpoint : servers[{name, region}]) {
        cell.set_endpoints_total(cell.endpoints_total() + 1);
        cell.set_endpoints_healthy(cell.endpoints_healthy() +
                                   (counts_as_healthy(*endpoint) ? 1 : 0));
        if (!what.without_endpoints()) *cell.add_endpoints() = shown(*endpoint);
      }
    }
  }
  return reply;
}

pb::WeightRow OperatorDesk::row_of(const PublishedWeights& weights) {
  const WeightChange& change = weights.change;
  const Time now = plane_.clock().now();
  pb::WeightRow row;
  row.set_service(change.service.value());
  row.set_from_region(change.from.value());
  row.set_epoch(change.id.epoch);
  row.set_generation(change.id.generation);
  if (const WeightPin* pin = plane_.pins().find(change.service, change.from, plane_.unix_ms())) {
    row.set_pinned(true);
    row.set_pin_expires_unix_ms(pin->expires_unix_ms);
  }
  double sum = 0;
  std::uint64_t started = 0;
  std::vector<FlowSums> flows;
  for (const Weight& weight : change.after) {
    sum += weight.weight;
    flows.push_back(plane_.telemetry().sums({change.service, change.from, weight.region}, now));
    started += flows.back().started;
    row.set_requests_per_second(row.requests_per_second() + flows.back().requests_per_second);
  }
  for (std::size_t i = 0; i < change.after.size(); ++i) {
    const Weight& weight = change.after[i];
    const FlowSums& flow = flows[i];
    pb::WeightCell& cell = *row.add_to();
    cell.set_region(weight.region.value());
    cell.set_weight(weight.weight);
    cell.set_wanted_share_ppm(ppm(weight.weight / sum));
    const auto state =
        plane_.telemetry().flow_state({change.service, change.from, weight.region}, now);
    cell.set_state(state ? state->state : "no report");
    if (state) cell.set_effective_share_ppm(state->effective_share_ppm);
    if (started > 0) {
      cell.set_seen_share_ppm(
          ppm(static_cast<double>(flow.started) / static_cast<double>(started)));
    }
    cell.set_tier(tier_of(plane_.options(), change.service, change.from, weight.region));
    cell.set_requests_per_second(flow.requests_per_second);
    cell.set_p50_us(to_u32(flow.latency.quantile(0.5)));
    cell.set_p99_us(to_u32(flow.latency.quantile(0.99)));
    const std::uint64_t ended = flow.ok + flow.errors + flow.timeouts;
    if (ended > 0) {
      cell.set_error_ppm(
          ppm(static_cast<double>(flow.errors + flow.timeouts) / static_cast<double>(ended)));
    }
    const auto limit = std::ranges::find(weights.limits, weight.region, &InFlightLimit::region);
    if (limit != weights.limits.end()) cell.set_in_flight_limit(limit->requests);
    if (flow.started > 0) {
      cell.set_overflow_ppm(
          ppm(static_cast<double>(flow.overflow) / static_cast<double>(flow.started)));
    }
    cell.set_why(why_of(change, weight.region));
  }
  return row;
}

Status OperatorDesk::check_pair(const std::string& service, const std::string& region) const {
  const auto& names = plane_.telemetry().names();
  if (!service.empty() && !names.services.contains(ServiceName(service))) {
    return fail(Code::not_found, "service " + in_quotes(service) +
                                     " is not configured; list them with: weirctl services ls");
  }
  if (!region.empty() && !names.regions.contains(RegionName(region))) {
    return fail(Code::not_found, "region " + in_quotes(region) +
                                     " is none of this mesh; they are listed by: weirctl paths ls");
  }
  return {};
}

Result<pb::GetWeightsReply> OperatorDesk::weights(const pb::GetWeightsRequest& what) {
  WEIR_TRY(check_pair(what.service(), what.from_region()));
  pb::GetWeightsReply reply;
  reply.set_unix_ms(plane_.unix_ms());
  for (const auto& [key, weights] : plane_.publisher().state().weights) {
    if (!what.service().empty() && what.service() != key.first.value()) continue;
    if (!what.from_region().empty() && what.from_region() != key.second.value()) continue;
    *reply.add_rows() = row_of(weights);
  }
  return reply;
}

Result<pb::ExplainWeightsReply> OperatorDesk::explain(const pb::ExplainWeightsRequest& what) {
  WEIR_TRY(check_pair(what.service(), what.from_region()));
  const ServiceName service(what.service());
  const RegionName from(what.from_region());
  const auto& weights = plane_.publisher().state().weights;
  const auto present = weights.find({service, from});
  const bool now = what.generation() == 0 && what.at_unix_ms() == 0;
  const WeightChange* change = what.at_unix_ms() != 0
                                   ? plane_.history().at_time(service, from, what.at_unix_ms())
                                   : plane_.history().at(service, from, what.generation());
  if (change == nullptr && now && present != weights.end()) {
    change = &present->second.change;  // older than the history kept
  }
  if (change == nullptr) {
    return fail(Code::not_found, "no change of " + in_quotes(what.service()) + " from " +
                                     in_quotes(what.from_region()) + " is kept that old");
  }
  pb::ExplainWeightsReply reply;
  reply.set_service(what.service());
  reply.set_from_region(what.from_region());
  *reply.mutable_change() = to_message(*change);
  for (const auto& past : plane_.history().before(service, from, change->id, k_history_shown)) {
    *reply.add_history() = to_message(past);
  }
  for (const AgentRecord& agent : plane_.agents()) {
    if (agent.region != from) continue;
    reply.set_agents_total(reply.agents_total() + 1);
    if (plane_.acks().of(agent.id).acked >= change->id) {
      reply.set_agents_acked(reply.agents_acked() + 1);
    }
  }
  return reply;
}

Result<pb::ListChangesReply> OperatorDesk::changes(const pb::ListChangesRequest& what) {
  WEIR_TRY(check_pair(what.service(), what.from_region()));
  const std::int64_t until = what.until_unix_ms() == 0 ? INT64_MAX : what.until_unix_ms();
  const std::size_t limit = what.limit() == 0 ? k_changes_shown : what.limit();
  pb::ListChangesReply reply;
  for (const WeightChange& change :
       plane_.history().between(ServiceName(what.service()), RegionName(what.from_region()),
                                what.since_unix_ms(), until, limit)) {
    *reply.add_changes() = to_message(change);
  }
  return reply;
}

pb::ListFailoversReply OperatorDesk::failovers() {
  pb::ListFailoversReply reply;
  for (const FailoverRow& failover : plane_.telemetry().failovers(plane_.clock().now())) {
    pb::FailoverStatus& row = *reply.add_failovers();
    row.set_service(failover.flow.service.value());
    row.set_from_region(failover.flow.from.value());
    row.set_to_region(failover.flow.to.value());
    row.set_state(failover.state.state);
    row.set_since_unix_ms(failover.state.since_unix_ms);
  }
  for (const Evacuation& evacuation : evacuations(plane_.pins(), plane_.unix_ms())) {
    pb::RunningEvacuation& row = *reply.add_evacuations();
    row.set_region(evacuation.region.value());
    for (const ServiceName& service : evacuation.services) row.add_services(service.value());
    row.set_sources(static_cast<std::uint32_t>(evacuation.sources));
    row.set_by(evacuation.by);
    row.set_since_unix_ms(evacuation.since_unix_ms);
    row.set_until_unix_ms(evacuation.until_unix_ms);
  }
  return reply;
}

std::vector<telemetry::v1::Event> OperatorDesk::events(const pb::ListEventsRequest& what) {
  return plane_.telemetry().events().list({.service = what.service(),
                                           .region = what.region(),
                                           .type = what.type(),
                                           .until_unix_ms = what.until_unix_ms()},
                                          what.limit());
}

std::vector<telemetry::v1::Event> OperatorDesk::events_since(const pb::ListEventsRequest& what,
                                                             std::uint64_t& seen) {
  auto fresh = plane_.telemetry().events().since(seen, {.service = what.service(),
                                                        .region = what.region(),
                                                        .type = what.type(),
                                                        .until_unix_ms = 0});
  seen = newest_event();
  return fresh;
}

std::uint64_t OperatorDesk::newest_event() { return plane_.telemetry().events().newest(); }

}  // namespace weir::controller
