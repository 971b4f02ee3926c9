// What the agents' sessions and the enrolment door ask of the control plane.

#include <algorithm>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "controller/app/control_plane.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = control::v1;

namespace {

ByteVector bytes_of(const std::string& text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

constexpr std::size_t k_peer_text_max = 500;
constexpr std::size_t k_caller_max = 64;
constexpr std::size_t k_boots_kept = 4;

/// An agent may be anywhere but inside the mesh it is reached for.
std::optional<Endpoint> usable_endpoint(const std::string& text, const IpPrefix& overlay) {
  const auto endpoint = Endpoint::parse(text);
  if (!endpoint || endpoint->port == 0 || endpoint->address.is_unspecified() ||
      overlay.contains(endpoint->address)) {
    return std::nullopt;
  }
  return *endpoint;
}

EnrolRequest from_message(const pb::EnrolRequest& message) {
  EnrolRequest request;
  request.token_id = message.token_id();
  request.token_secret = bytes_of(message.token_secret());
  request.public_key = bytes_of(message.public_key());
  request.key_proof = bytes_of(message.key_proof());
  request.csr_der = bytes_of(message.csr_der());
  request.listen_port = message.listen_port();
  request.claimed_region = message.claimed_region();
  request.claimed_cluster = message.claimed_cluster();
  return request;
}

pb::EnrolReply to_message(const EnrolReply& reply) {
  pb::EnrolReply message;
  message.set_mesh(reply.mesh);
  message.set_mesh_id(text_of(reply.mesh_id));
  message.set_agent(reply.agent.id.value());
  message.set_region(reply.agent.region.value());
  message.set_cluster(reply.agent.cluster.value());
  message.set_overlay_address(reply.agent.overlay.to_string());
  message.set_overlay_prefix(reply.overlay_prefix.to_string());
  message.set_certificate_der(text_of(reply.certificate_der));
  message.set_ca_der(text_of(reply.ca_der));
  message.set_controller_overlay_address(reply.controller_overlay.to_string());
  return message;
}

}  // namespace

SessionCallbacks ControlPlane::session_callbacks() {
  return {.admit = [this](AgentId agent,
                          pb::Hello hello) { return admit(std::move(agent), std::move(hello)); },
          .newest = [this](const AgentId& agent) { return publisher_.revision_for(agent); },
          .epoch = [this] { return publisher_.state().id.epoch; },
          .ack = [this](const AgentId& agent, const pb::Ack& ack) { take_ack(agent, ack); },
          .report = [this](const AgentId& agent,
                           const telemetry::v1::Report& report) { take_report(agent, report); },
          .event = [this](const AgentId& agent,
                          const telemetry::v1::Event& event) { take_event(agent, event); },
          .renew = [this](AgentId agent,
                          std::string csr) { return renew(std::move(agent), std::move(csr)); },
          .ended = [this](const AgentId& agent, const Status& why) { session_ended(agent, why); }};
}

asio::awaitable<Status> ControlPlane::admit(AgentId agent, pb::Hello hello) {
  const Status known = co_await on_blocking<Status>(
      parts_.blocking, [&enroller = parts_.enroller, agent, now = unix_ms()] {
        return enroller.record_session(agent, now);
      });
  const auto held_back = may_write(agent);
  if (!known) {
    if (held_back) {
      parts_.log.warn(
          "session.refused",
          {{"agent", agent.value()}, {"why", known.error().message()}, {"suppressed", *held_back}});
    }
    // A store that cannot answer now says nothing about who belongs to the mesh.
    if (known.error().code() != Code::not_found) co_return fail(known.error());
    co_return fail(Code::permission_denied,
                   agent.value() + " is not an agent of this mesh (any more); join again");
  }
  const RevisionId in_force{.epoch = hello.epoch(), .generation = hello.generation()};
  const auto raised = publisher_.saw(agent, in_force, bytes_of(hello.digest()));
  if (!raised && held_back) {
    parts_.log.error("session.absurd_epoch",
                     {{"why", raised.error().message()}, {"suppressed", *held_back}});
    note("agent.absurd_epoch", "error", raised.error().message(), agent);
  }
  if (raised && *raised) agents_changed();
  if (raised && *raised && held_back) {
    parts_.log.warn("publish.epoch_raised", {{"agent", agent.value()},
                                             {"epoch", in_force.epoch},
                                             {"generation", in_force.generation},
                                             {"suppressed", *held_back}});
    note("epoch.raised", "warn",
         agent.value() + " holds revision " + std::to_string(in_force.epoch) + "." +
             std::to_string(in_force.generation) +
             ", newer than the store knows: was it restored from a backup?",
         agent);
  }
  acks_.hello(agent, in_force);
  if (parts_.traces) parts_.traces->acknowledged(agent, in_force, "", parts_.clock.now());
  telemetry_.restarted(agent);
  const auto endpoint = hello.public_endpoint().empty()
                            ? std::nullopt
                            : usable_endpoint(hello.public_endpoint(), parts_.options.overlay);
  const auto [place, fresh] = configured_endpoints_.try_emplace(agent, endpoint);
  if (fresh || place->second != endpoint) {
    place->second = endpoint;
    agents_changed();
  }
  if (held_back) {
    parts_.log.info("session.begun", {{"agent", agent.value()},
                                      {"version", hello.version()},
                                      {"epoch", in_force.epoch},
                                      {"generation", in_force.generation},
                                      {"suppressed", *held_back}});
    note("agent.connected", "info", agent.value() + " is connected", agent);
    note_boot(agent, hello.boot_id());
  }
  co_return Status();
}

/// What an agent said before it was started anew is over, whether it could still say so or not. A
/// start that comes back after another one was there never ended: two processes use one identity.
void ControlPlane::note_boot(const AgentId& agent, const std::string& boot_id) {
  std::vector<std::string>& boots = boots_[agent];
  if (!boots.empty() && boots.back() == boot_id) return;
  const auto again = std::ranges::find(boots, boot_id);
  if (again != boots.end()) {
    boots.erase(again);
    note("agent.twice", "error",
         agent.value() + " runs on two machines: the one before the present one is back", agent);
  } else if (!boots.empty()) {
    note("agent.restarted", "info", agent.value() + " has started anew", agent);
  }
  boots.push_back(boot_id);
  if (boots.size() > k_boots_kept) boots.erase(boots.begin());
}

void ControlPlane::session_ended(const AgentId& agent, const Status& why) {
  const auto held_back = may_write(agent);
  if (!held_back) return;
  const std::string reason =
      why ? "the stream ended" : cut_text(why.error().message(), k_peer_text_max);
  parts_.log.info("session.ended",
                  {{"agent", agent.value()}, {"why", reason}, {"suppressed", *held_back}});
  note("agent.disconnected", "warn", agent.value() + " is disconnected: " + reason, agent);
}

void ControlPlane::take_ack(const AgentId& agent, const pb::Ack& ack) {
  const RevisionId id{.epoch = ack.epoch(), .generation = ack.generation()};
  acks_.answer(agent, id, ack.error());
  if (parts_.traces) parts_.traces->acknowledged(agent, id, ack.error(), parts_.clock.now());
  if (ack.error().empty()) return;
  const auto held_back = may_write(agent);
  if (!held_back) return;
  parts_.log.warn("revision.refused", {{"agent", agent.value()},
                                       {"generation", id.generation},
                                       {"why", cut_text(ack.error(), k_peer_text_max)},
                                       {"suppressed", *held_back}});
  note("revision.refused", "error",
       agent.value() + " refused revision " + std::to_string(id.epoch) + "." +
           std::to_string(id.generation) + ": " + in_quotes(ack.error()),
       agent);
}

void ControlPlane::take_report(const AgentId& agent, const telemetry::v1::Report& report) {
  const AgentRecord* known = find(agent);
  if (known == nullptr) return;  // admitted this moment; the next report is counted
  const Status taken =
      telemetry_.ingest(agent, known->region, report, parts_.clock.now(), unix_ms());
  if (taken) return;
  const auto held_back = may_write(agent);
  if (!held_back) return;
  parts_.log.warn("report.refused", {{"why", taken.error().message()}, {"suppressed", *held_back}});
}

void ControlPlane::take_event(const AgentId& agent, const telemetry::v1::Event& event) {
  const AgentRecord* known = find(agent);
  if (known == nullptr) return;
  const Status taken =
      telemetry_.ingest_event(agent, known->region, event, parts_.clock.now(), unix_ms());
  if (taken) return;
  const auto held_back = may_write(agent);
  if (!held_back) return;
  parts_.log.warn(
      "event.refused",
      {{"agent", agent.value()}, {"why", taken.error().message()}, {"suppressed", *held_back}});
}

asio::awaitable<Result<pb::Certificate>> ControlPlane::renew(AgentId agent, std::string csr) {
  const Result<Certificate> certificate = co_await on_blocking<Result<Certificate>>(
      parts_.blocking, [&enroller = parts_.enroller, agent, csr, now = unix_ms()] {
        return enroller.renew(agent, as_bytes(csr), now);
      });
  const auto held_back = may_write(agent);
  if (!certificate) {
    if (held_back) {
      parts_.log.warn("certificate.refused", {{"agent", agent.value()},
                                              {"why", certificate.error().message()},
                                              {"suppressed", *held_back}});
    }
    co_return fail(certificate.error());
  }
  pb::Certificate message;
  message.set_certificate_der(text_of(certificate->to_der()));
  message.set_ca_der(text_of(parts_.enroller.ca_certificate().to_der()));
  if (held_back) {
    parts_.log.info("certificate.renewed", {{"agent", agent.value()}, {"suppressed", *held_back}});
  }
  co_return message;
}

asio::awaitable<Result<pb::EnrolReply>> ControlPlane::enrol(pb::EnrolRequest request) {
  const Result<EnrolReply> enrolled = co_await on_blocking<Result<EnrolReply>>(
      parts_.blocking, [&enroller = parts_.enroller, asked = from_message(request),
                        now = unix_ms()] { return enroller.enrol(asked, now); });
  if (!enrolled) {
    enrolment_refused("", request.token_id(), enrolled.error());
    co_return fail(enrolled.error());
  }
  const Status announced = co_await published();
  if (!announced) co_return fail(announced.error());
  pb::EnrolReply reply = to_message(*enrolled);
  const AgentId& agent = enrolled->agent.id;
  if (const auto revision = publisher_.revision_for(agent)) *reply.mutable_revision() = *revision;
  for (const AgentRecord& other : agents_) {
    if (other.id == agent || other.cluster != enrolled->agent.cluster) continue;
    if (hub_.find(other.id) == nullptr) reply.add_absent_agents(other.id.value());
  }
  parts_.log.info("enrol.done",
                  {{"agent", agent.value()}, {"overlay", enrolled->agent.overlay.to_string()}});
  note("agent.joined", "info",
       agent.value() + " joined with " + enrolled->agent.overlay.to_string(), agent);
  co_return reply;
}

asio::awaitable<Result<pb::RenewLapsedReply>> ControlPlane::renew_lapsed(
    IpAddress caller, pb::RenewLapsedRequest request) {
  const auto renewed = co_await on_blocking<Result<RenewedCertificate>>(
      parts_.blocking, [&enroller = parts_.enroller, &caller, &request, now = unix_ms()] {
        return enroller.renew_lapsed(caller, as_bytes(request.csr_der()),
                                     as_bytes(request.key_proof()), now);
      });
  if (!renewed) {
    enrolment_refused(caller.to_string(), "", renewed.error());
    co_return fail(renewed.error());
  }
  pb::RenewLapsedReply reply;
  reply.set_certificate_der(text_of(renewed->certificate.to_der()));
  reply.set_ca_der(text_of(parts_.enroller.ca_certificate().to_der()));
  parts_.log.info("certificate.renewed_late", {{"agent", renewed->agent.value()}});
  note("certificate.renewed_late", "info",
       renewed->agent.value() + " got a new certificate after its own had run out", renewed->agent);
  co_return reply;
}

void ControlPlane::enrolment_refused(const std::string& caller, const std::string& token,
                                     const Error& why) {
  ++enrolments_refused_;
  const auto held_back = may_write(AgentId());
  if (!held_back) return;
  parts_.log.warn("enrol.refused", {{"caller", cut_text(caller, k_caller_max)},
                                    {"token", cut_text(token, k_caller_max)},
                                    {"why", why.message()},
                                    {"suppressed", *held_back}});
  note("enrol.refused", "warn", why.message());
}

asio::awaitable<Result<AgentRecord>> ControlPlane::remove_agent(AgentId agent, std::string who) {
  Result<AgentRecord> removed = co_await on_blocking<Result<AgentRecord>>(
      parts_.blocking, [&enroller = parts_.enroller, agent] { return enroller.remove(agent); });
  if (!removed) co_return removed;
  note("agent.removed", "info", agent.value() + " was removed by " + who, agent);
  parts_.log.info("agent.removed", {{"agent", agent.value()}, {"by", who}});
  const Status announced = co_await published();
  if (!announced) co_return fail(announced.error());
  co_return removed;
}

}  // namespace weir::controller
