#include "common/model/codec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/assert.h"
#include "common/base/text.h"

namespace weir {
namespace {

namespace pb = policy::v1;
using std::chrono::milliseconds;

std::uint32_t to_ppm(Ratio ratio) {
  return static_cast<std::uint32_t>(std::llround(ratio.value() * 1e6));
}

Ratio from_ppm(std::uint32_t ppm) { return Ratio(static_cast<double>(ppm) / 1e6); }

std::uint32_t to_ms(milliseconds duration) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 0, most));
}

template <typename Tag>
void copy_names(const google::protobuf::RepeatedPtrField<std::string>& from,
                std::vector<Id<Tag>>& to) {
  for (const auto& name : from) to.emplace_back(name);
}

// ---- to proto

void put(const MeshSelf& self, pb::Self& out) {
  out.set_agent(self.agent.value());
  out.set_region(self.region.value());
  out.set_cluster(self.cluster.value());
  out.set_overlay_address(self.overlay.to_string());
  out.set_overlay_prefix(self.overlay_prefix.to_string());
}

void put(const MeshPeer& peer, pb::Peer& out) {
  out.set_agent(peer.agent.value());
  out.set_region(peer.region.value());
  out.set_cluster(peer.cluster.value());
  out.set_overlay_address(peer.overlay.to_string());
  out.set_public_key(peer.public_key.data(), peer.public_key.size());
  if (peer.endpoint) out.set_endpoint(peer.endpoint->to_string());
  out.set_controller(peer.controller);
  out.set_keepalive_s(static_cast<std::uint32_t>(peer.keepalive.count()));
}

void put(const HealthCheckSpec& check, pb::HealthCheck& out) {
  out.set_kind(static_cast<pb::HealthCheck::Kind>(static_cast<int>(check.kind) + 1));
  out.set_interval_ms(to_ms(check.interval));
  out.set_timeout_ms(to_ms(check.timeout));
  out.set_rise(static_cast<std::uint32_t>(check.rise));
  out.set_fall(static_cast<std::uint32_t>(check.fall));
  out.set_jitter_ppm(to_ppm(check.jitter));
  out.set_http_path(check.http_path);
  out.set_http_host(check.http_host);
  out.set_http_status_min(static_cast<std::uint32_t>(check.http_status_min));
  out.set_http_status_max(static_cast<std::uint32_t>(check.http_status_max));
  out.set_http_body_contains(check.http_body_contains);
  out.set_http_header_name(check.http_header_name);
  out.set_http_header_value(check.http_header_value);
  out.set_grpc_service(check.grpc_service);
  for (const auto& word : check.exec_argv) out.add_exec_argv(word);
}

void put(const FailoverSpec& failover, pb::Failover& out) {
  for (const auto& tier : failover.tiers) {
    auto& made = *out.add_tiers();
    for (const auto& region : tier) made.add_regions(region.value());
  }
  out.set_healthy_share_below_ppm(to_ppm(failover.healthy_share_below));
  out.set_spill_below_ppm(to_ppm(failover.spill_below));
  out.set_error_share_above_ppm(to_ppm(failover.error_share_above));
  out.set_error_min_requests(failover.error_min_requests);
  out.set_error_window_ms(to_ms(failover.error_window));
  out.set_max_in_flight(failover.max_in_flight);
  out.set_hold_ms(to_ms(failover.hold));
  out.set_ramp_ms(to_ms(failover.ramp));
}

// ---- from proto

Result<MeshSelf> read_self(const pb::Self& in) {
  WEIR_ASSIGN(overlay, IpAddress::parse(in.overlay_address()));
  WEIR_ASSIGN(prefix, IpPrefix::parse(in.overlay_prefix()));
  return MeshSelf{AgentId(in.agent()), RegionName(in.region()), ClusterName(in.cluster()), overlay,
                  prefix};
}

Result<MeshPeer> read_peer(const pb::Peer& in) {
  MeshPeer peer;
  peer.agent = AgentId(in.agent());
  peer.region = RegionName(in.region());
  peer.cluster = ClusterName(in.cluster());
  WEIR_ASSIGN(overlay, IpAddress::parse(in.overlay_address()));
  peer.overlay = overlay;
  if (in.public_key().size() != peer.public_key.size()) {
    return fail(Code::invalid_argument, "public key of " + std::to_string(in.public_key().size()) +
                                            " bytes; a WireGuard key has 32");
  }
  std::ranges::copy(as_bytes(in.public_key()), peer.public_key.begin());
  if (!in.endpoint().empty()) {
    WEIR_ASSIGN(endpoint, Endpoint::parse(in.endpoint()));
    peer.endpoint = endpoint;
  }
  peer.controller = in.controller();
  if (in.keepalive_s() > 65535) {
    return fail(Code::invalid_argument,
                "keepalive " + std::to_string(in.keepalive_s()) + " s is above 65535");
  }
  peer.keepalive = std::chrono::seconds(in.keepalive_s());
  return peer;
}

Result<HealthCheckSpec> read_health(const pb::HealthCheck& in) {
  if (in.kind() < pb::HealthCheck::KIND_NONE || in.kind() > pb::HealthCheck::KIND_EXEC) {
    return fail(Code::invalid_argument,
                "health check kind " + std::to_string(in.kind()) + " is not known to this version");
  }
  constexpr std::uint32_t most = 1000;
  if (in.rise() > most || in.fall() > most || in.http_status_min() > 999 ||
      in.http_status_max() > 999) {
    return fail(Code::invalid_argument,
                "health check: rise and fall go to 1000, HTTP status to 999");
  }
  HealthCheckSpec check;
  check.kind = static_cast<HealthCheckSpec::Kind>(in.kind() - 1);
  check.interval = milliseconds(in.interval_ms());
  check.timeout = milliseconds(in.timeout_ms());
  check.rise = static_cast<int>(in.rise());
  check.fall = static_cast<int>(in.fall());
  check.jitter = from_ppm(in.jitter_ppm());
  check.http_path = in.http_path();
  check.http_host = in.http_host();
  check.http_status_min = static_cast<int>(in.http_status_min());
  check.http_status_max = static_cast<int>(in.http_status_max());
  check.http_body_contains = in.http_body_contains();
  check.http_header_name = in.http_header_name();
  check.http_header_value = in.http_header_value();
  check.grpc_service = in.grpc_service();
  check.exec_argv.assign(in.exec_argv().begin(), in.exec_argv().end());
  return check;
}

FailoverSpec read_failover(const pb::Failover& in) {
  FailoverSpec failover;
  for (const auto& tier : in.tiers()) copy_names(tier.regions(), failover.tiers.emplace_back());
  failover.healthy_share_below = from_ppm(in.healthy_share_below_ppm());
  failover.spill_below = from_ppm(in.spill_below_ppm());
  failover.error_share_above = from_ppm(in.error_share_above_ppm());
  failover.error_min_requests = in.error_min_requests();
  failover.error_window = milliseconds(in.error_window_ms());
  failover.max_in_flight = in.max_in_flight();
  failover.hold = milliseconds(in.hold_ms());
  failover.ramp = milliseconds(in.ramp_ms());
  return failover;
}

Result<ServicePlan> read_plan(const pb::ServicePlan& in) {
  ServicePlan plan;
  plan.service = ServiceName(in.service());
  if (in.protocol() != pb::PROTOCOL_TCP && in.protocol() != pb::PROTOCOL_HTTP) {
    return fail(Code::invalid_argument,
                "protocol " + std::to_string(in.protocol()) + " is not known to this version");
  }
  plan.protocol = in.protocol() == pb::PROTOCOL_TCP ? Protocol::tcp : Protocol::http;
  if (in.listen_port() > 65535) {
    return fail(Code::invalid_argument,
                "listen port " + std::to_string(in.listen_port()) + " is above 65535");
  }
  plan.listen_port = static_cast<std::uint16_t>(in.listen_port());
  plan.objective = milliseconds(in.objective_ms());
  plan.connect_timeout = milliseconds(in.connect_timeout_ms());
  plan.request_timeout = milliseconds(in.request_timeout_ms());
  plan.proxy_protocol = in.proxy_protocol();
  WEIR_ASSIGN(health, read_health(in.health()));
  plan.health = health;
  for (const auto& weight : in.weights()) {
    plan.weights.push_back({RegionName(weight.region()), weight.weight()});
  }
  for (const auto& weight : in.configured()) {
    plan.configured.push_back({RegionName(weight.region()), weight.weight()});
  }
  plan.weights_ttl = std::chrono::seconds(in.weights_ttl_s());
  for (const auto& limit : in.limits()) {
    plan.limits.push_back(from_proto(limit));
  }
  copy_names(in.guards().residency(), plan.guards.residency);
  plan.guards.min_share = from_ppm(in.guards().min_share_ppm());
  plan.guards.max_step = from_ppm(in.guards().max_step_ppm());
  plan.failover = read_failover(in.failover());
  return plan;
}

}  // namespace

policy::v1::InFlightLimit to_proto(const InFlightLimit& limit) {
  pb::InFlightLimit out;
  out.set_region(limit.region.value());
  out.set_requests(limit.requests);
  out.set_overflow_weight(limit.overflow_weight);
  return out;
}

InFlightLimit from_proto(const policy::v1::InFlightLimit& message) {
  return {RegionName(message.region()), message.requests(), message.overflow_weight()};
}

policy::v1::ServicePlan to_proto(const ServicePlan& plan) {
  pb::ServicePlan out;
  out.set_service(plan.service.value());
  out.set_protocol(plan.protocol == Protocol::tcp ? pb::PROTOCOL_TCP : pb::PROTOCOL_HTTP);
  out.set_listen_port(plan.listen_port);
  out.set_objective_ms(to_ms(plan.objective));
  out.set_connect_timeout_ms(to_ms(plan.connect_timeout));
  out.set_request_timeout_ms(to_ms(plan.request_timeout));
  out.set_proxy_protocol(plan.proxy_protocol);
  put(plan.health, *out.mutable_health());
  for (const Weight& weight : plan.weights) {
    auto& made = *out.add_weights();
    made.set_region(weight.region.value());
    made.set_weight(weight.weight);
  }
  for (const Weight& weight : plan.configured) {
    auto& made = *out.add_configured();
    made.set_region(weight.region.value());
    made.set_weight(weight.weight);
  }
  out.set_weights_ttl_s(static_cast<std::uint32_t>(plan.weights_ttl.count()));
  for (const InFlightLimit& limit : plan.limits) *out.add_limits() = to_proto(limit);
  for (const auto& region : plan.guards.residency) {
    out.mutable_guards()->add_residency(region.value());
  }
  out.mutable_guards()->set_min_share_ppm(to_ppm(plan.guards.min_share));
  out.mutable_guards()->set_max_step_ppm(to_ppm(plan.guards.max_step));
  put(plan.failover, *out.mutable_failover());
  return out;
}

policy::v1::Revision to_proto(const Revision& revision) {
  pb::Revision out;
  out.set_epoch(revision.id.epoch);
  out.set_generation(revision.id.generation);
  out.set_issued_unix_ms(revision.issued_unix_ms);
  out.set_mesh(revision.mesh);
  put(revision.self, *out.mutable_self());
  for (const MeshPeer& peer : revision.peers) put(peer, *out.add_peers());
  for (const ServicePlan& plan : revision.services) *out.add_services() = to_proto(plan);
  const ByteVector digest = digest_of(out);
  out.set_digest(digest.data(), digest.size());
  return out;
}

ByteVector digest_of(const policy::v1::Revision& message) {
  pb::Revision bare = message;
  bare.clear_digest();
  std::string text;
  {
    google::protobuf::io::StringOutputStream stream(&text);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    bare.SerializeToCodedStream(&coded);
  }
  ByteVector digest(32);
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  WEIR_ASSERT(done == 1, "SHA-256 is always there");
  return digest;
}

policy::v1::Peer to_proto(const MeshPeer& peer) {
  pb::Peer out;
  put(peer, out);
  return out;
}

Result<MeshPeer> from_proto(const policy::v1::Peer& message) { return read_peer(message); }

Result<Revision> from_proto(const policy::v1::Revision& message) {
  if (!std::ranges::equal(digest_of(message), as_bytes(message.digest()))) {
    return fail(Code::data_loss, "the digest does not fit the revision");
  }
  Revision revision;
  revision.id = {message.epoch(), message.generation()};
  revision.digest.assign(message.digest().begin(), message.digest().end());
  revision.issued_unix_ms = message.issued_unix_ms();
  revision.mesh = message.mesh();
  WEIR_ASSIGN(self, read_self(message.self()));
  revision.self = self;
  for (const auto& in : message.peers()) {
    auto peer = read_peer(in);
    if (!peer) {
      return fail(std::move(peer).error().within("peer " + in_quotes(in.agent())));
    }
    revision.peers.push_back(*std::move(peer));
  }
  for (const auto& in : message.services()) {
    auto plan = read_plan(in);
    if (!plan) return fail(std::move(plan).error().within("service " + in_quotes(in.service())));
    revision.services.push_back(*std::move(plan));
  }
  WEIR_TRY(validate(revision));
  return revision;
}

}  // namespace weir
