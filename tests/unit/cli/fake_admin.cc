#include "tests/unit/cli/fake_admin.h"

#include <functional>
#include <utility>

namespace weir::cli {

namespace {

using namespace weir::admin::v1;
namespace asio = boost::asio;

template <typename Request, typename Reply>
asio::awaitable<Result<Reply>> answer(std::function<Result<Reply>(const Request&)> make,
                                      Request request) {
  co_return make(request);
}

template <typename Request, typename Reply>
asio::awaitable<Status> send_all(std::shared_ptr<MessageStream<Request, Reply>> stream,
                                 std::vector<Reply> messages) {
  for (const Reply& message : messages) WEIR_CO_TRY(stream->write(message));
  co_return Status();
}

template <typename Request, typename Reply>
void unary(RpcRouter& router, const FakeAdmin& admin, const char* name,
           std::function<Result<Reply>(const Request&)> make) {
  const UnaryMethod<Request, Reply> method(std::string("weir.admin.v1.Admin.") + name);
  router.unary<Request, Reply>(method, [&admin, make = std::move(make)](CallContext,
                                                                        Request request) {
    const auto refuse = [&admin](const Request&) -> Result<Reply> { return fail(*admin.error); };
    return admin.error ? answer<Request, Reply>(refuse, std::move(request))
                       : answer<Request, Reply>(make, std::move(request));
  });
}

/// Always answers with what `reply` holds then.
template <typename Request, typename Reply>
void fixed(RpcRouter& router, const FakeAdmin& admin, const char* name, const Reply& reply) {
  unary<Request, Reply>(router, admin, name, [&reply](const Request&) { return reply; });
}

template <typename Request, typename Reply>
void stream(RpcRouter& router, const char* name, std::function<std::vector<Reply>()> messages) {
  const ServerStreamMethod<Request, Reply> method(std::string("weir.admin.v1.Admin.") + name);
  router.server_stream<Request, Reply>(
      method, [messages = std::move(messages)](CallContext, Request,
                                               std::shared_ptr<MessageStream<Request, Reply>> to) {
        return send_all<Request, Reply>(std::move(to), messages());
      });
}

}  // namespace

void FakeAdmin::fill(RpcRouter& router) {
  const auto note = [this](const std::string& method, const google::protobuf::Message& request) {
    changes_asked.push_back(method + " " + request.ShortDebugString());
  };
  unary<StatusRequest, StatusReply>(router, *this, "GetStatus", [this](const StatusRequest&) {
    if (statuses.empty()) return Result<StatusReply>(status);
    StatusReply next = statuses.front();
    statuses.erase(statuses.begin());
    return Result<StatusReply>(std::move(next));
  });
  unary<CreateTokenRequest, CreateTokenReply>(router, *this, "CreateToken",
                                              [this](const CreateTokenRequest& request) {
                                                token_asked = request;
                                                return token;
                                              });
  unary<RemoveAgentRequest, RemoveAgentReply>(router, *this, "RemoveAgent",
                                              [this](const RemoveAgentRequest& request) {
                                                removal_asked = request;
                                                return RemoveAgentReply();
                                              });
  unary<PinWeightsRequest, PinWeightsReply>(router, *this, "PinWeights",
                                            [this, note](const PinWeightsRequest& request) {
                                              pins_asked.push_back(request);
                                              if (!request.dry_run()) note("PinWeights", request);
                                              return pin;
                                            });
  unary<ListEventsRequest, ListEventsReply>(router, *this, "ListEvents",
                                            [this](const ListEventsRequest& request) {
                                              events_asked = request;
                                              return events;
                                            });
  unary<SimulateRequest, SimulateReply>(router, *this, "Simulate",
                                        [this](const SimulateRequest& request) {
                                          simulation_asked = request;
                                          return simulation;
                                        });
  unary<RevokeTokenRequest, RevokeTokenReply>(
      router, *this, "RevokeToken", [](const RevokeTokenRequest&) { return RevokeTokenReply(); });
  fixed<ListAgentsRequest>(router, *this, "ListAgents", agents);
  fixed<ListTokensRequest>(router, *this, "ListTokens", tokens);
  unary<ListPathsRequest, ListPathsReply>(router, *this, "ListPaths",
                                          [this](const ListPathsRequest& request) {
                                            const bool past = request.at_unix_ms() != 0;
                                            return past && paths_before ? *paths_before : paths;
                                          });
  unary<TakeSnapshotRequest, TakeSnapshotReply>(router, *this, "TakeSnapshot",
                                                [this](const TakeSnapshotRequest& request) {
                                                  snapshot_asked = request;
                                                  return snapshot;
                                                });
  unary<SetLogLevelRequest, SetLogLevelReply>(
      router, *this, "SetLogLevel", [this](const SetLogLevelRequest& request) {
        log_level_asked = request;
        SetLogLevelReply reply;
        reply.set_before("info");
        reply.set_after(request.level().empty() ? "info" : request.level());
        return reply;
      });
  fixed<PingPathRequest>(router, *this, "PingPath", ping);
  fixed<ListServicesRequest>(router, *this, "ListServices", services);
  fixed<GetWeightsRequest>(router, *this, "GetWeights", weights);
  fixed<ExplainWeightsRequest>(router, *this, "ExplainWeights", explanation);
  unary<ListChangesRequest, ListChangesReply>(router, *this, "ListChanges",
                                              [this](const ListChangesRequest& request) {
                                                history_asked = request;
                                                return changes;
                                              });
  fixed<ListPinsRequest>(router, *this, "ListPins", pins);
  fixed<ListGuardrailsRequest>(router, *this, "ListGuardrails", guardrails);
  fixed<EvacuateRegionRequest>(router, *this, "EvacuateRegion", evacuation);
  unary<UnpinWeightsRequest, UnpinWeightsReply>(router, *this, "UnpinWeights",
                                                [this, note](const UnpinWeightsRequest& request) {
                                                  note("UnpinWeights", request);
                                                  return unpin;
                                                });
  unary<SetPolicyModeRequest, SetPolicyModeReply>(router, *this, "SetPolicyMode",
                                                  [note](const SetPolicyModeRequest& request) {
                                                    note("SetPolicyMode", request);
                                                    return SetPolicyModeReply();
                                                  });
  for (const char* method : {"TightenGuardrail", "ChangeGuardrail"}) {
    unary<ChangeGuardrailRequest, ChangeGuardrailReply>(
        router, *this, method, [this, note, method](const ChangeGuardrailRequest& request) {
          if (!request.dry_run()) note(method, request);
          return guardrail;
        });
  }
  unary<GetSeriesRequest, GetSeriesReply>(
      router, *this, "GetSeries",
      [this](const GetSeriesRequest& request) { return series[request.from()]; });
  fixed<ListPoliciesRequest>(router, *this, "ListPolicies", policies);
  unary<PromotePolicyRequest, PromotePolicyReply>(router, *this, "PromotePolicy",
                                                  [this](const PromotePolicyRequest& request) {
                                                    promotion_asked = request;
                                                    return promotion;
                                                  });
  fixed<ListFailoversRequest>(router, *this, "ListFailovers", failovers);
  stream<StatusRequest, StatusReply>(router, "WatchStatus", [this] { return statuses; });
  stream<ListPathsRequest, ListPathsReply>(router, "WatchPaths",
                                           [this] { return std::vector{paths, paths}; });
  stream<ListAgentsRequest, ListAgentsReply>(router, "WatchAgents",
                                             [this] { return std::vector{agents, agents}; });
  stream<ListServicesRequest, ListServicesReply>(
      router, "WatchServices", [this] { return std::vector{services, services}; });
  stream<ListFailoversRequest, ListFailoversReply>(
      router, "WatchFailovers", [this] { return std::vector{failovers, failovers}; });
  stream<GetWeightsRequest, GetWeightsReply>(router, "WatchWeights",
                                             [this] { return std::vector{weights}; });
  stream<ListEventsRequest, telemetry::v1::Event>(router, "WatchEvents", [this] {
    return std::vector<telemetry::v1::Event>(events.events().begin(), events.events().end());
  });
}

}  // namespace weir::cli
