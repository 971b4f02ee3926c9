#include "controller/api/admin_service.h"

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "controller/api/audit_words.h"

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
template <typename Reply>
asio::awaitable<Result<Reply>> refuse(Error why) {
  co_return fail(why);
}

Shown shown(pb::GetWeightsReply reply) {
  std::string bytes = reply.SerializeAsString();
  reply.clear_unix_ms();
  return {std::move(bytes), reply.SerializeAsString()};
}

template <typename Reply>
Shown shown(const Reply& reply) {
  std::string bytes = reply.SerializeAsString();
  return {bytes, bytes};
}

Status check_text(const char* what, const std::string& text) {
  if (text.size() <= k_request_text_max) return {};
  return fail(Code::invalid_argument, std::string(what) + " " + in_quotes(text) + " has " +
                                          std::to_string(text.size()) + " bytes; the limit is 500");
}

}  // namespace

Result<Caller> AdminService::admit(const CallContext& context) const {
  WEIR_ASSIGN(caller, caller_of(context.peer, roles_));
  WEIR_TRY(check_allowed(caller, context.path));
  return caller;
}

/// A call that answers from memory.
template <typename Request, typename Reply>
void AdminService::add_view(RpcRouter& router, const char* name,
                            std::function<Result<Reply>(const Request&)> view) {
  router.view<Request, Reply>(
      method<Request, Reply>(name),
      [this, view = std::move(view)](const CallContext& context,
                                     const Request& request) -> Result<Reply> {
        const auto caller = admit(context);
        if (!caller) return fail(caller.error());
        return view(request);
      });
}

/// A call that takes its time and changes nothing.
template <typename Request, typename Reply>
void AdminService::add_question(RpcRouter& router, const char* name,
                                std::function<asio::awaitable<Result<Reply>>(Request)> ask) {
  router.unary<Request, Reply>(
      method<Request, Reply>(name),
      [this, ask = std::move(ask)](const CallContext& context, Request request) {
        auto caller = admit(context);
        if (!caller) return refuse<Reply>(std::move(caller).error());
        return ask(std::move(request));
      });
}

/// A call that changes something; `change` gets the operator's name.
template <typename Request, typename Reply>
void AdminService::add_change(RpcRouter& router, const char* name, Change<Request, Reply> change) {
  router.unary<Request, Reply>(
      method<Request, Reply>(name),
      [this, change = std::make_shared<const Change<Request, Reply>>(std::move(change))](
          CallContext context, Request request) {
        return audited<Request, Reply>(change, std::move(context), std::move(request));
      });
}

/// Answers after the entry is kept, also of what was refused.
template <typename Request, typename Reply>
asio::awaitable<Result<Reply>> AdminService::audited(
    std::shared_ptr<const Change<Request, Reply>> change, CallContext context, Request request) {
  const Result<Caller> caller = caller_of(context.peer, roles_);
  if (!caller) co_return fail(caller.error());
  const Status allowed = check_allowed(*caller, context.path);
  if (dry_run(request)) {
    if (!allowed) co_return fail(allowed.error());
    co_return co_await (*change)(std::move(request), caller->name);
  }
  pb::AuditEntry entry;
  entry.set_who(caller->name);
  entry.set_role(std::string(role_name(caller->role)));
  entry.set_from(std::string(caller->door));
  entry.set_action(context.path.substr(context.path.rfind('/') + 1));
  describe(request, entry);
  Result<Reply> reply = fail(Code::permission_denied, "");
  if (allowed) {
    reply = co_await (*change)(std::move(request), caller->name);
  } else {
    reply = fail(allowed.error());
  }
  if (reply) {
    describe_reply(*reply, entry);
  } else {
    entry.set_error(reply.error().message());
  }
  co_await backend_.record(std::move(entry));
  co_return reply;
}

asio::awaitable<Status> AdminService::watch(CallContext context,
                                            std::function<Result<Shown>()> look,
                                            std::shared_ptr<ControlStream> stream) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto caller = admit(context);
  if (!caller) co_return fail(caller.error());
  std::optional<std::string> before;
  do {
    Result<Shown> now = look();
    if (!now) co_return fail(std::move(now).error());
    if (before != now->essence) {
      Status sent = stream->write(std::move(now->bytes));
      if (!sent) co_return sent;
      before = std::move(now->essence);
    }
  } while (co_await clock_.sleep_for(k_watch_interval));
  co_return fail(Code::cancelled, "the watch was stopped");
}

template <typename Request, typename Reply>
void AdminService::add_watch(RpcRouter& router, const char* name,
                             std::function<Result<Reply>(const Request&)> view) {
  using Stream = MessageStream<Request, Reply>;
  router.server_stream<Request, Reply>(
      ServerStreamMethod<Request, Reply>(std::string("weir.admin.v1.Admin.") + name),
      [this, view = std::move(view)](CallContext context, Request request,
                                     std::shared_ptr<Stream> stream) {
        auto look = [view, request = std::move(request)]() -> Result<Shown> {
          const Result<Reply> reply = view(request);
          if (!reply) return fail(reply.error());
          return shown(*reply);
        };
        return watch(std::move(context), std::move(look), stream->bytes());
      });
}

void AdminService::serve(RpcRouter& router) {
  router.word_errors(own_word);
  serve_views(router);
  serve_watches(router);
  serve_questions(router);
  serve_changes(router);
}

void AdminService::serve_views(RpcRouter& router) {
  add_view<pb::StatusRequest, pb::StatusReply>(router, "GetStatus",
                                               [this](const auto&) { return backend_.status(); });
  add_view<pb::ListAgentsRequest, pb::ListAgentsReply>(
      router, "ListAgents", [this](const auto&) { return backend_.agents(); });
  add_view<pb::ListRegionsRequest, pb::ListRegionsReply>(
      router, "ListRegions", [this](const auto&) { return backend_.regions(); });
  add_view<pb::ExplainWeightsRequest, pb::ExplainWeightsReply>(
      router, "ExplainWeights", [this](const auto& what) { return backend_.explain(what); });
  add_view<pb::ListChangesRequest, pb::ListChangesReply>(
      router, "ListChanges", [this](const auto& what) { return backend_.changes(what); });
  add_view<pb::ListPoliciesRequest, pb::ListPoliciesReply>(
      router, "ListPolicies", [this](const auto& what) { return backend_.policies(what); });
  add_view<pb::ListPinsRequest, pb::ListPinsReply>(
      router, "ListPins", [this](const auto& what) { return backend_.pins(what); });
  add_view<pb::ListGuardrailsRequest, pb::ListGuardrailsReply>(
      router, "ListGuardrails", [this](const auto& what) { return backend_.guardrails(what); });
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
  add_watch<pb::StatusRequest, pb::StatusReply>(router, "WatchStatus",
                                                [this](const auto&) { return backend_.status(); });
  add_watch<pb::ListAgentsRequest, pb::ListAgentsReply>(
      router, "WatchAgents", [this](const auto&) { return backend_.agents(); });
  add_watch<pb::ListPathsRequest, pb::ListPathsReply>(
      router, "WatchPaths", [this](const auto&) { return backend_.paths(); });
  add_watch<pb::ListServicesRequest, pb::ListServicesReply>(
      router, "WatchServices", [this](const auto& what) { return backend_.services(what); });
  add_watch<pb::ListFailoversRequest, pb::ListFailoversReply>(
      router, "WatchFailovers", [this](const auto&) { return backend_.failovers(); });
  add_watch<pb::ListPoliciesRequest, pb::ListPoliciesReply>(
      router, "WatchPolicies", [this](const auto& what) { return backend_.policies(what); });
  add_watch<pb::GetWeightsRequest, pb::GetWeightsReply>(
      router, "WatchWeights", [this](const auto& what) { return backend_.weights(what); });
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
  const auto caller = admit(context);
  if (!caller) co_return fail(caller.error());
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
  for (const bool may_loosen : {false, true}) {
    add_change<pb::ChangeGuardrailRequest, pb::ChangeGuardrailReply>(
        router, may_loosen ? "ChangeGuardrail" : "TightenGuardrail",
        [this, may_loosen](pb::ChangeGuardrailRequest request, std::string who) {
          return backend_.change_guardrail(std::move(request), may_loosen, std::move(who));
        });
  }
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
  add_change<pb::EvacuateRegionRequest, pb::EvacuateRegionReply>(
      router, "EvacuateRegion", [this](pb::EvacuateRegionRequest request, std::string who) {
        return backend_.evacuate(std::move(request), std::move(who));
      });
  add_change<pb::EndEvacuationRequest, pb::EndEvacuationReply>(
      router, "EndEvacuation", [this](pb::EndEvacuationRequest request, std::string who) {
        return backend_.end_evacuation(std::move(request), std::move(who));
      });
  add_change<pb::TakeSnapshotRequest, pb::TakeSnapshotReply>(
      router, "TakeSnapshot", [this](pb::TakeSnapshotRequest request, std::string who) {
        return backend_.take_snapshot(std::move(request), std::move(who));
      });
  add_change<pb::SetLogLevelRequest, pb::SetLogLevelReply>(
      router, "SetLogLevel", [this](pb::SetLogLevelRequest request, std::string who) {
        return backend_.set_log_level(std::move(request), std::move(who));
      });
  add_change<pb::CreateAccessRequest, pb::CreateAccessReply>(
      router, "CreateAccess", [this](pb::CreateAccessRequest request, std::string who) {
        return backend_.create_access(std::move(request), std::move(who));
      });
  add_change<pb::RevokeAccessRequest, pb::RevokeAccessReply>(
      router, "RevokeAccess", [this](pb::RevokeAccessRequest request, std::string who) {
        return [](AdminBackend& backend, std::string id,
                  std::string by) -> asio::awaitable<Result<pb::RevokeAccessReply>> {
          WEIR_CO_TRY(check_text("access token", id));
          WEIR_CO_TRY(co_await backend.revoke_access(std::move(id), std::move(by)));
          co_return pb::RevokeAccessReply();
        }(backend_, request.id(), std::move(who));
      });
}

void AdminService::serve_questions(RpcRouter& router) {
  add_question<pb::DiagnoseRequest, pb::DiagnoseReply>(
      router, "Diagnose", [this](const pb::DiagnoseRequest&) { return backend_.diagnose(); });
  add_question<pb::ListPathsRequest, pb::ListPathsReply>(
      router, "ListPaths",
      [this](pb::ListPathsRequest request) { return backend_.paths_at(std::move(request)); });
  add_question<pb::ListServicesRequest, pb::ListServicesReply>(
      router, "ListServices",
      [this](pb::ListServicesRequest request) { return backend_.services_at(std::move(request)); });
  add_question<pb::GetWeightsRequest, pb::GetWeightsReply>(
      router, "GetWeights",
      [this](pb::GetWeightsRequest request) { return backend_.weights_at(std::move(request)); });
  add_question<pb::GetTrafficRequest, pb::GetTrafficReply>(
      router, "GetTraffic",
      [this](pb::GetTrafficRequest request) { return backend_.traffic_at(std::move(request)); });
  add_question<pb::GetSeriesRequest, pb::GetSeriesReply>(
      router, "GetSeries",
      [this](pb::GetSeriesRequest request) { return backend_.series(std::move(request)); });
  add_question<pb::ListTokensRequest, pb::ListTokensReply>(
      router, "ListTokens",
      [this](const pb::ListTokensRequest&) { return backend_.list_tokens(); });
  add_question<pb::ListAccessRequest, pb::ListAccessReply>(
      router, "ListAccess",
      [this](const pb::ListAccessRequest&) { return backend_.list_access(); });
  add_question<pb::ListAuditRequest, pb::ListAuditReply>(
      router, "ListAudit",
      [this](pb::ListAuditRequest request) { return backend_.list_audit(std::move(request)); });
  add_question<pb::PingPathRequest, pb::PingPathReply>(
      router, "PingPath",
      [this](pb::PingPathRequest request) { return backend_.ping(std::move(request)); });
  add_question<pb::SimulateRequest, pb::SimulateReply>(
      router, "Simulate",
      [this](pb::SimulateRequest request) { return backend_.simulate(std::move(request)); });
}

}  // namespace weir::controller
