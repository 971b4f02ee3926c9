// What operators change, through the operator desk: answered once it is durable.

#include <algorithm>
#include <set>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "common/model/revision.h"
#include "controller/app/operator_desk.h"
#include "controller/app/weight_message.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

// An agent sends one each 100 ms and waits for the last.
constexpr std::chrono::milliseconds k_ping_interval{100};
constexpr std::chrono::milliseconds k_ping_patience{3000};
constexpr std::uint32_t k_ping_count_default = 5;
constexpr std::uint32_t k_pin_ttl_max_s = 365U * 24 * 3600;

pb::Token to_message(const TokenInfo& token) {
  pb::Token out;
  out.set_id(to_string(token.id));
  out.set_region(token.region.value());
  out.set_cluster(token.cluster.value());
  out.set_created_unix_ms(token.created_unix_ms);
  out.set_expires_unix_ms(token.expires_unix_ms);
  out.set_uses_left(token.uses_left);
  out.set_state(std::string(token_state_name(token.state)));
  out.set_replaces(token.replaces.value());
  for (const AgentId& agent : token.redeemed_by) out.add_redeemed_by(agent.value());
  return out;
}

/// Each region once and known, each weight in range, one above 0.
Result<std::vector<Weight>> checked_weights(const pb::PinWeightsRequest& request,
                                            const std::set<RegionName>& regions) {
  std::vector<Weight> weights;
  std::set<std::string> seen;
  std::uint64_t sum = 0;
  for (const auto& weight : request.weights()) {
    if (!regions.contains(RegionName(weight.region()))) {
      return fail(Code::invalid_argument,
                  "region " + in_quotes(weight.region()) + " is none of this mesh");
    }
    if (!seen.insert(weight.region()).second) {
      return fail(Code::invalid_argument, "region " + weight.region() + " stands twice");
    }
    if (weight.weight() > k_weight_max) {
      return fail(Code::invalid_argument, "weight " + std::to_string(weight.weight()) + " of " +
                                              weight.region() + " is above 10000");
    }
    sum += weight.weight();
    weights.push_back({RegionName(weight.region()), weight.weight()});
  }
  if (sum == 0) return fail(Code::invalid_argument, "a pin needs a weight above 0");
  return weights;
}

}  // namespace

asio::awaitable<Result<pb::CreateTokenReply>> OperatorDesk::create_token(
    pb::CreateTokenRequest request, std::string who) {
  TokenRequest wanted;
  wanted.region = RegionName(request.region());
  wanted.cluster = ClusterName(request.cluster());
  wanted.ttl = std::chrono::seconds(request.ttl_s());
  wanted.uses = request.uses();
  wanted.replaces = AgentId(request.replaces());
  const Result<NewToken> token = co_await on_blocking<Result<NewToken>>(
      plane_.blocking(), [&enroller = plane_.enroller(), wanted, now = plane_.unix_ms()] {
        return enroller.create_token(wanted, now);
      });
  if (!token) co_return fail(token.error());
  pb::CreateTokenReply reply;
  *reply.mutable_token() = to_message(token->info);
  reply.set_secret(token->text.reveal());
  plane_.note(
      "token.created", "info",
      "token " + to_string(token->info.id) + " for cluster " + request.cluster() + " by " + who, {},
      {}, token->info.region);
  co_return reply;
}

asio::awaitable<Result<pb::ListTokensReply>> OperatorDesk::list_tokens() {
  using Tokens = Result<std::vector<TokenInfo>>;
  const Tokens tokens = co_await on_blocking<Tokens>(
      plane_.blocking(), [&enroller = plane_.enroller(), now = plane_.unix_ms()] {
        return enroller.list_tokens(now);
      });
  if (!tokens) co_return fail(tokens.error());
  pb::ListTokensReply reply;
  for (const TokenInfo& token : *tokens) *reply.add_tokens() = to_message(token);
  co_return reply;
}

asio::awaitable<Status> OperatorDesk::revoke_token(std::string id, std::string who) {
  const Status revoked = co_await on_blocking<Status>(
      plane_.blocking(), [&enroller = plane_.enroller(), id, now = plane_.unix_ms()] {
        return enroller.revoke_token(id, now);
      });
  if (revoked) plane_.note("token.revoked", "info", "token " + id + " by " + who);
  co_return revoked;
}

asio::awaitable<Status> OperatorDesk::remove_agent(std::string agent, std::string who) {
  const auto removed = co_await plane_.remove_agent(AgentId(std::move(agent)), std::move(who));
  if (!removed) co_return fail(removed.error());
  co_return Status();
}

asio::awaitable<Result<pb::PinWeightsReply>> OperatorDesk::pin(pb::PinWeightsRequest request,
                                                               std::string who) {
  WEIR_CO_TRY(check_pair(request.service(), request.from_region()));
  auto weights = checked_weights(request, plane_.telemetry().names().regions);
  if (!weights) co_return fail(std::move(weights).error());
  if (request.ttl_s() > k_pin_ttl_max_s) {
    co_return fail(Code::invalid_argument, "a pin lasts at most 365 days; 0 is without end");
  }
  WeightPin pin;
  pin.service = ServiceName(request.service());
  pin.from = RegionName(request.from_region());
  pin.weights = *std::move(weights);
  pin.by = who;
  pin.created_unix_ms = plane_.unix_ms();
  if (request.ttl_s() != 0) {
    pin.expires_unix_ms = pin.created_unix_ms + std::int64_t{request.ttl_s()} * 1000;
  }
  const Result<WeightChange> seen = plane_.preview(pin);
  if (!seen) co_return fail(seen.error());
  pb::PinWeightsReply reply;
  put(seen->before, *reply.mutable_before());
  put(seen->after, *reply.mutable_after());
  for (const auto& guard : seen->guards) reply.add_guards(guard);
  if (!request.dry_run()) {
    ControlPlane::PinEdit edit = [pin](PinBook& pins) {
      pins.set(pin);
      return Status();
    };
    const Status pinned = co_await plane_.change_pins(std::move(edit));
    if (!pinned) co_return fail(pinned.error());
    plane_.note("pin.set", "info", pin.service.value() + " from " + pin.from.value() + " by " + who,
                {}, pin.service, pin.from);
  }
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

asio::awaitable<Result<pb::UnpinWeightsReply>> OperatorDesk::unpin(pb::UnpinWeightsRequest request,
                                                                   std::string who) {
  WEIR_CO_TRY(check_pair(request.service(), request.from_region()));
  const ServiceName service(request.service());
  const RegionName from(request.from_region());
  ControlPlane::PinEdit edit = [service, from](PinBook& pins) -> Status {
    bool removed = false;
    for (const WeightPin& pin : pins.all()) {
      const bool meant = pin.service == service && (from.empty() || pin.from == from);
      removed = (meant && pins.remove(pin.service, pin.from)) || removed;
    }
    if (removed) return {};
    return fail(Code::not_found, in_quotes(service.value()) +
                                     (from.empty() ? "" : " from " + in_quotes(from.value())) +
                                     " is not pinned");
  };
  const Status unpinned = co_await plane_.change_pins(std::move(edit));
  if (!unpinned) co_return fail(unpinned.error());
  const std::string where = from.empty() ? " everywhere" : " from " + from.value();
  plane_.note("pin.removed", "info", service.value() + where + " by " + who, {}, service, from);
  pb::UnpinWeightsReply reply;
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

asio::awaitable<Result<pb::PingPathReply>> OperatorDesk::ping(pb::PingPathRequest request) {
  const AgentId from(request.from_agent());
  const AgentId to(request.to_agent());
  for (const AgentId& agent : {from, to}) {
    const auto& agents = plane_.agents();
    if (std::ranges::find(agents, agent, &AgentRecord::id) == agents.end()) {
      co_return fail(Code::not_found, "agent " + in_quotes(agent.value()) +
                                          " is not of this mesh; list them with: weirctl mesh ls");
    }
  }
  if (from == to) co_return fail(Code::invalid_argument, "a path has two ends");
  const std::uint32_t count = request.count() == 0 ? k_ping_count_default : request.count();
  const auto timeout = count * k_ping_interval + k_ping_patience;
  const auto measured = co_await plane_.sessions().ping(from, to, count, timeout);
  if (!measured) co_return fail(measured.error());
  pb::PingPathReply reply;
  reply.set_sent(measured->sent());
  *reply.mutable_rtt_us() = measured->rtt_us();
  co_return reply;
}

}  // namespace weir::controller
