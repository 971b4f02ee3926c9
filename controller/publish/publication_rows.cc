#include "controller/publish/publication_rows.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "common/model/codec.h"
#include "weir/store/v1/publication.pb.h"

namespace weir::controller {
namespace {

namespace pb = store::v1;
using PbWeights = google::protobuf::RepeatedPtrField<policy::v1::Weight>;

std::string hex16(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  store_be64(bytes.data(), value);
  return to_hex(bytes);
}

void put(const std::vector<Weight>& weights, PbWeights& out) {
  for (const Weight& weight : weights) {
    auto& row = *out.Add();
    row.set_region(weight.region.value());
    row.set_weight(weight.weight);
  }
}

std::vector<Weight> get(const PbWeights& rows) {
  std::vector<Weight> weights;
  for (const auto& row : rows) weights.push_back({RegionName(row.region()), row.weight()});
  return weights;
}

void put(const SeenRequests& seen, pb::SeenRequests& out) {
  out.set_ended(seen.ended);
  out.set_in_objective(seen.in_objective);
  out.set_p99_us(seen.p99_us);
}

SeenRequests get(const pb::SeenRequests& row) {
  return {.ended = row.ended(), .in_objective = row.in_objective(), .p99_us = row.p99_us()};
}

void put(const WeightChange& change, pb::WeightChange& out) {
  out.set_service(change.service.value());
  out.set_from_region(change.from.value());
  out.set_epoch(change.id.epoch);
  out.set_generation(change.id.generation);
  out.set_unix_ms(change.unix_ms);
  out.set_by(change.by);
  put(change.before, *out.mutable_before());
  put(change.after, *out.mutable_after());
  for (const Reason& reason : change.reasons) {
    auto& row = *out.add_reasons();
    row.set_region(reason.region.value());
    row.set_term(reason.term);
    row.set_delta(reason.delta);
    row.set_note(reason.note);
  }
  for (const auto& guard : change.guards) out.add_guards(guard);
  if (change.expected_in_objective) out.set_expected_in_objective(*change.expected_in_objective);
  if (change.seen_before) put(*change.seen_before, *out.mutable_seen_before());
  if (change.seen_after) put(*change.seen_after, *out.mutable_seen_after());
}

WeightChange get(const pb::WeightChange& row) {
  WeightChange change{.service = ServiceName(row.service()),
                      .from = RegionName(row.from_region()),
                      .id = {.epoch = row.epoch(), .generation = row.generation()},
                      .unix_ms = row.unix_ms(),
                      .by = row.by(),
                      .before = get(row.before()),
                      .after = get(row.after()),
                      .reasons = {},
                      .guards = {row.guards().begin(), row.guards().end()}};
  for (const auto& reason : row.reasons()) {
    change.reasons.push_back(
        {RegionName(reason.region()), reason.term(), reason.delta(), reason.note()});
  }
  if (row.has_expected_in_objective()) change.expected_in_objective = row.expected_in_objective();
  if (row.has_seen_before()) change.seen_before = get(row.seen_before());
  if (row.has_seen_after()) change.seen_after = get(row.seen_after());
  return change;
}

template <typename Message>
Result<Message> parsed(std::string_view row, const char* what) {
  Result<Message> message(std::in_place);
  if (!message->ParseFromArray(row.data(), static_cast<int>(row.size()))) {
    return fail(Code::data_loss,
                std::string("a stored row is no ") + what + "; restore the store from a backup");
  }
  return message;
}

}  // namespace

std::string change_row_key(const WeightChange& change) {
  return std::string(k_change_rows) + hex16(change.id.epoch) + hex16(change.id.generation) + "/" +
         change.service.value() + "/" + change.from.value();
}

std::string pin_row_key(const ServiceName& service, const RegionName& from) {
  return std::string(k_pin_rows) + service.value() + "/" + from.value();
}

std::string endpoint_row_key(const AgentId& agent) {
  return std::string(k_endpoint_rows) + agent.value();
}

std::string encode_state(const PublicationState& state) {
  pb::Publication out;
  out.set_epoch(state.id.epoch);
  out.set_generation(state.id.generation);
  for (const auto& [agent, stamp] : state.agents) {
    pb::AgentStamp& row = *out.add_agents();
    row.set_agent(agent.value());
    row.set_epoch(stamp.id.epoch);
    row.set_generation(stamp.id.generation);
    row.set_issued_unix_ms(stamp.issued_unix_ms);
    row.set_content_digest(stamp.content_digest.data(), stamp.content_digest.size());
  }
  for (const auto& [key, weights] : state.weights) {
    pb::PublishedWeights& row = *out.add_weights();
    row.set_settled(weights.settled);
    row.set_fades(weights.fades);
    for (const InFlightLimit& limit : weights.limits) *row.add_limits() = to_proto(limit);
    put(weights.change, *row.mutable_change());
  }
  return out.SerializeAsString();
}

Result<PublicationState> decode_state(std::string_view row) {
  WEIR_ASSIGN(in, parsed<pb::Publication>(row, "publication"));
  PublicationState state;
  state.id = {.epoch = in.epoch(), .generation = in.generation()};
  for (const pb::AgentStamp& stamp : in.agents()) {
    const ByteView digest = as_bytes(stamp.content_digest());
    state.agents[AgentId(stamp.agent())] = {
        .id = {.epoch = stamp.epoch(), .generation = stamp.generation()},
        .issued_unix_ms = stamp.issued_unix_ms(),
        .content_digest = {digest.begin(), digest.end()}};
  }
  for (const pb::PublishedWeights& weights : in.weights()) {
    PublishedWeights made{
        .change = get(weights.change()), .settled = weights.settled(), .fades = weights.fades()};
    for (const auto& limit : weights.limits()) made.limits.push_back(from_proto(limit));
    const FlowSource key(made.change.service, made.change.from);
    state.weights.emplace(key, std::move(made));
  }
  return state;
}

std::string encode_change(const WeightChange& change) {
  pb::WeightChange out;
  put(change, out);
  return out.SerializeAsString();
}

Result<WeightChange> decode_change(std::string_view row) {
  WEIR_ASSIGN(in, parsed<pb::WeightChange>(row, "change of weights"));
  return get(in);
}

std::string encode_pin(const WeightPin& pin) {
  pb::WeightPin out;
  out.set_service(pin.service.value());
  out.set_from_region(pin.from.value());
  put(pin.weights, *out.mutable_weights());
  out.set_by(pin.by);
  out.set_created_unix_ms(pin.created_unix_ms);
  out.set_expires_unix_ms(pin.expires_unix_ms);
  return out.SerializeAsString();
}

Result<WeightPin> decode_pin(std::string_view row) {
  WEIR_ASSIGN(in, parsed<pb::WeightPin>(row, "pin"));
  return WeightPin{.service = ServiceName(in.service()),
                   .from = RegionName(in.from_region()),
                   .weights = get(in.weights()),
                   .by = in.by(),
                   .created_unix_ms = in.created_unix_ms(),
                   .expires_unix_ms = in.expires_unix_ms()};
}

std::string encode_endpoint(const AgentId& agent, const Endpoint& endpoint) {
  pb::AgentEndpoint out;
  out.set_agent(agent.value());
  out.set_endpoint(endpoint.to_string());
  return out.SerializeAsString();
}

Result<std::pair<AgentId, Endpoint>> decode_endpoint(std::string_view row) {
  WEIR_ASSIGN(in, parsed<pb::AgentEndpoint>(row, "agent's endpoint"));
  const auto endpoint = Endpoint::parse(in.endpoint());
  if (!endpoint) return fail(Code::data_loss, endpoint.error().message());
  return std::pair(AgentId(in.agent()), *endpoint);
}

void add_draft(const PublicationDraft& draft, Transaction& transaction) {
  transaction.put(std::string(k_publish_state_row), encode_state(draft.state));
  // More than the history keeps would be erased by the next transaction anyway.
  const std::size_t kept = std::min(draft.changes.size(), k_changes_kept);
  for (const WeightChange& change : std::span(draft.changes).last(kept)) {
    transaction.put(change_row_key(change), encode_change(change));
  }
}

}  // namespace weir::controller
