#include "controller/api/admin_service.h"

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "common/base/text.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::chrono::milliseconds k_watch_interval{500};
constexpr std::size_t k_request_text_max = 500;

template <typename Request, typename Reply>
UnaryMethod<Request, Reply> method(const char* name) {
  return UnaryMethod<Request, Reply>(std::string("weir.admin.v1.Admin.") + name);
}

/// `unavailable` is the transport's word for "no controller there": scripts wait and try again.
/// What the controller itself has to say is said in another code.
Error own_word(Error error) {
  if (error.code() != Code::unavailable) return error;
  return {Code::internal, error.message()};
}
/// Serves a call that answers from memory.
template <typename Request, typename Reply>
void add_view(RpcRouter& router, const char* name,
              std::function<Result<Reply>(const Request&)> view) {
  router.view<Request, Reply>(method<Request, Reply>(name),
                              [view = std::move(view)](const CallContext& context,
                                                       const Request& request) -> Result<Reply> {
                                const auto who = AdminService::operator_of(context.peer);
                                if (!who) return fail(who.error());
                                return view(request);
                              });
}

template <typename Reply>
asio::awaitable<Result<Reply>> refuse(Error why) {
  co_return fail(why);
}

/// Serves a call that changes something; `change` gets the operator's name.
template <typename Request, typename Reply>
using Change = std::function<asio::awaitable<Result<Reply>>(Request, std::string)>;

template <typename Request, typename Reply>
void add_change(RpcRouter& router, const char* name, Change<Request, Reply> change) {
  router.unary<Request, Reply>(
      method<Request, Reply>(name),
      [change = std::move(change)](const CallContext& context, Request request) {
        auto who = AdminService::operator_of(context.peer);
        if (!who) return refuse<Reply>(std::move(who).error());
        return change(std::move(request), *std::move(who));
      });
}

/// One answer of a watch: what is sent, and what it is compared by, which leaves its own time out.
struct Shown {
  std::string bytes;
  std::string essence;
};

template <typename Reply>
Shown shown(const Reply& reply) {
  std::string bytes = reply.SerializeAsString();
  return {bytes, bytes};
}

Shown shown(pb::GetWeightsReply reply) {
  std::string bytes = reply.SerializeAsString();
  reply.clear_unix_ms();
  return {std::move(bytes), reply.SerializeAsString()};
}

asio::awaitable<Status> watch(Clock& clock, std::function<Result<Shown>()> look,
                              CallContext context, std::shared_ptr<ControlStream> stream) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto who = AdminService::operator_of(context.peer);
  if (!who) co_return fail(who.error());
  std::optional<std::string> before;
  do {
    Result<Shown> now = look();
    if (!now) co_return fail(std::move(now).error());
    if (before != now->essence) {
      Status sent = stream->write(std::move(now->bytes));
      if (!sent) co_return sent;
      before = std::move(now->essence);
    }
  } while (co_await clock.sleep_for(k_watch_interval));
  co_return fail(Code::cancelled, "the watch was stopped");
}

template <typename Request, typename Reply>
void add_watch(RpcRouter& router, const char* name, Clock& clock,
               std::function<Result<Reply>(const Request&)> view) {
  using Stream = MessageStream<Request, Reply>;
  router.server_stream<Request, Reply>(
      ServerStreamMethod<Request, Reply>(std::string("weir.admin.v1.Admin.") + name),
      [&clock, view = std::move(view)](CallContext context, Request request,
                                       std::shared_ptr<Stream> stream) {
        auto look = [view, request = std::move(request)]() -> Result<Shown> {
          const Result<Reply> reply = view(request);
          if (!reply) return fail(reply.error());
          return shown(*reply);
        };
        return watch(clock, std::move(look), std::move(context), stream->bytes());
      });
}

Status check_text(const char* what, const std::string& text) {
  if (text.size() <= k_request_text_max) return {};
  return fail(Code::invalid_argument, std::string(what) + " " + in_quotes(text) + " has " +
                                          std::to_string(text.size()) + " bytes; the limit is 500");
}

}  // namespace

Result<std::string> AdminService::operator_of(const PeerIdentity& peer) {
  if (peer.local) return std::string("root");
  if (!peer.authenticated) {
    return fail(Code::unauthenticated,
                "the admin API needs a certificate of the configured client CA");
  }
  for (const std::string& uri : peer.uris) {
    if (!uri.starts_with("weir://")) continue;
    return fail(
        Code::permission_denied,
        "the certificate of " + in_quotes(uri) +
            " is a machine's, not an operator's; admin.tcp.client_ca must be a CA of its own");
  }
  if (!peer.common_name.empty()) return cut_text(peer.common_name, k_request_text_max);
  return peer.uris.empty() ? std::string("operator") : cut_text(peer.uris[0], k_request_text_max);
}

void AdminService::serve(RpcRouter& router) {
  router.word_errors(own_word);
  serve_views(router);
  serve_watches(router);
  serve_changes(router);
}

void AdminService::serve_views(RpcRouter& router) {
  add_view<pb::StatusRequest, pb::StatusReply>(router, "GetStatus",
                                               [this](const auto&) { return backend_.status(); });
  add_view<pb::ListAgentsRequest, pb::ListAgentsReply>(
      router, "ListAgents", [this](const auto&) { return backend_.agents(); });
  add_view<pb::ListPathsRequest, pb::ListPathsReply>(
      router, "ListPaths", [this](const auto&) { return backend_.paths(); });
  add_view<pb::ListServicesRequest, pb::ListServicesReply>(
      router, "ListServices", [this](const auto&) { return backend_.services(); });
  add_view<pb::GetWeightsRequest, pb::GetWeightsReply>(
      router, "GetWeights", [this](const auto& what) { return backend_.weights(what); });
  add_view<pb::ExplainWeightsRequest, pb::ExplainWeightsReply>(
      router, "ExplainWeights", [this](const auto& what) { return backend_.explain(what); });
  add_view<pb::ListChangesRequest, pb::ListChangesReply>(
      router, "ListChanges", [this](const auto& what) { return backend_.changes(what); });
  add_view<pb::ListPoliciesRequest, pb::ListPoliciesReply>(
      router, "ListPolicies", [this](const auto& what) { return backend_.policies(what); });
  add_view<pb::ListFailoversRequest, pb::ListFailoversReply>(
      router, "ListFailovers", [this](const auto&) { return backend_.failovers(); });
  add_view<pb::ListEventsRequest, pb::ListEventsReply>(router, "ListEvents",
                                                       [this](const auto& what) {
                                                         pb::ListEventsReply reply;
                                                         for (auto& event : backend_.events(what))
                                                           *reply.add_events() = std::move(event);
                                                         return reply;
                                                       });
}

void AdminService::serve_watches(RpcRouter& router) {
  add_watch<pb::StatusRequest, pb::StatusReply>(router, "WatchStatus", clock_,
                                                [this](const auto&) { return backend_.status(); });
  add_watch<pb::ListAgentsRequest, pb::ListAgentsReply>(
      router, "WatchAgents", clock_, [this](const auto&) { return backend_.agents(); });
  add_watch<pb::ListPathsRequest, pb::ListPathsReply>(
      router, "WatchPaths", clock_, [this](const auto&) { return backend_.paths(); });
  add_watch<pb::ListServicesRequest, pb::ListServicesReply>(
      router, "WatchServices", clock_, [this](const auto&) { return backend_.services(); });
  add_watch<pb::ListFailoversRequest, pb::ListFailoversReply>(
      router, "WatchFailovers", clock_, [this](const auto&) { return backend_.failovers(); });
  add_watch<pb::ListPoliciesRequest, pb::ListPoliciesReply>(
      router, "WatchPolicies", clock_,
      [this](const auto& what) { return backend_.policies(what); });
  add_watch<pb::GetWeightsRequest, pb::GetWeightsReply>(
      router, "WatchWeights", clock_, [this](const auto& what) { return backend_.weights(what); });
  router.server_stream<pb::ListEventsRequest, telemetry::v1::Event>(
      ServerStreamMethod<pb::ListEventsRequest, telemetry::v1::Event>(
          "weir.admin.v1.Admin.WatchEvents"),
      [this](CallContext context, pb::ListEventsRequest request, std::shared_ptr<Events> stream) {
        return watch_events(std::move(context), std::move(request), std::move(stream));
      });
}

/// The newest `limit` that are there, then each that comes.
asio::awaitable<Status> AdminService::watch_events(CallContext context,
                                                   pb::ListEventsRequest request,
                                                   std::shared_ptr<Events> stream) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto who = operator_of(context.peer);
  if (!who) co_return fail(who.error());
  std::uint64_t seen = backend_.newest_event();
  std::vector<telemetry::v1::Event> fresh;
  if (request.limit() != 0) fresh = backend_.events(request);
  do {
    for (const auto& event : fresh) {
      Status sent = stream->write(event);
      if (!sent) co_return sent;
    }
    const bool slept = co_await clock_.sleep_for(k_watch_interval);
    if (!slept) break;
    fresh = backend_.events_since(request, seen);
  } while (true);
  co_return fail(Code::cancelled, "the watch was stopped");
}

void AdminService::serve_changes(RpcRouter& router) {
  add_change<pb::CreateTokenRequest, pb::CreateTokenReply>(
      router, "CreateToken", [this](pb::CreateTokenRequest request, std::string who) {
        return backend_.create_token(std::move(request), std::move(who));
      });
  add_change<pb::ListTokensRequest, pb::ListTokensReply>(
      router, "ListTokens",
      [this](const pb::ListTokensRequest&, const std::string&) { return backend_.list_tokens(); });
  add_change<pb::RevokeTokenRequest, pb::RevokeTokenReply>(
      router, "RevokeToken", [this](pb::RevokeTokenRequest request, std::string who) {
        return [](AdminBackend& backend, std::string id,
                  std::string by) -> asio::awaitable<Result<pb::RevokeTokenReply>> {
          WEIR_CO_TRY(check_text("token", id));
          WEIR_CO_TRY(co_await backend.revoke_token(std::move(id), std::move(by)));
          co_return pb::RevokeTokenReply();
        }(backend_, request.id(), std::move(who));
      });
  add_change<pb::RemoveAgentRequest, pb::RemoveAgentReply>(
      router, "RemoveAgent", [this](pb::RemoveAgentRequest request, std::string who) {
        return [](AdminBackend& backend, std::string agent,
                  std::string by) -> asio::awaitable<Result<pb::RemoveAgentReply>> {
          WEIR_CO_TRY(check_text("agent", agent));
          WEIR_CO_TRY(co_await backend.remove_agent(std::move(agent), std::move(by)));
          co_return pb::RemoveAgentReply();
        }(backend_, request.agent(), std::move(who));
      });
  add_change<pb::PinWeightsRequest, pb::PinWeightsReply>(
      router, "PinWeights", [this](pb::PinWeightsRequest request, std::string who) {
        return backend_.pin(std::move(request), std::move(who));
      });
  add_change<pb::UnpinWeightsRequest, pb::UnpinWeightsReply>(
      router, "UnpinWeights", [this](pb::UnpinWeightsRequest request, std::string who) {
        return backend_.unpin(std::move(request), std::move(who));
      });
  add_change<pb::SetPolicyModeRequest, pb::SetPolicyModeReply>(
      router, "SetPolicyMode", [this](pb::SetPolicyModeRequest request, std::string who) {
        return backend_.set_policy_mode(std::move(request), std::move(who));
      });
  add_change<pb::ConfirmPolicyRequest, pb::ConfirmPolicyReply>(
      router, "ConfirmPolicy", [this](pb::ConfirmPolicyRequest request, std::string who) {
        return backend_.confirm_policy(std::move(request), std::move(who));
      });
  add_change<pb::PromotePolicyRequest, pb::PromotePolicyReply>(
      router, "PromotePolicy", [this](pb::PromotePolicyRequest request, const std::string& who) {
        return backend_.promote(std::move(request), who);
      });
  add_change<pb::RollbackWeightsRequest, pb::RollbackWeightsReply>(
      router, "RollbackWeights", [this](pb::RollbackWeightsRequest request, std::string who) {
        return backend_.rollback(std::move(request), std::move(who));
      });
  add_change<pb::PingPathRequest, pb::PingPathReply>(
      router, "PingPath", [this](pb::PingPathRequest request, const std::string&) {
        return backend_.ping(std::move(request));
      });
  add_change<pb::SimulateRequest, pb::SimulateReply>(
      router, "Simulate", [this](pb::SimulateRequest request, const std::string&) {
        return backend_.simulate(std::move(request));
      });
}

}  // namespace weir::controller
