#include "controller/api/admin_service.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/text.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = admin::v1;

PeerIdentity shown(std::string common_name, std::vector<std::string> uris) {
  return {.address = "ipv4:192.0.2.1:1",
          .local = false,
          .authenticated = true,
          .common_name = std::move(common_name),
          .uris = std::move(uris)};
}

TEST(AdminService, TakesAnOperatorsNameFromTheCertificate) {
  EXPECT_EQ(*AdminService::operator_of(shown("ann", {})), "ann");
  EXPECT_EQ(*AdminService::operator_of(shown("", {"spiffe://x/ann"})), "spiffe://x/ann");
  EXPECT_EQ(*AdminService::operator_of(shown("an\xff", {})), "an\ufffd");
  PeerIdentity root;
  root.local = true;
  EXPECT_EQ(*AdminService::operator_of(root), "root");
  EXPECT_EQ(AdminService::operator_of(PeerIdentity()).error().code(), Code::unauthenticated);
}

TEST(AdminService, TakesNoMachineOfAMeshForAnOperator) {
  for (const char* uri : {"weir://demo/agent/us/agent-1", "weir://demo/controller"}) {
    const auto who = AdminService::operator_of(shown("demo", {"spiffe://x/y", uri}));
    ASSERT_FALSE(who) << uri;
    EXPECT_EQ(who.error().code(), Code::permission_denied);
  }
}

/// Fails everything with one error.
class Failing final : public AdminBackend {
 public:
  explicit Failing(Error why) : why_(std::move(why)) {}
  pb::StatusReply status() override { return {}; }
  pb::ListAgentsReply agents() override { return {}; }
  pb::ListPathsReply paths() override { return {}; }
  pb::ListServicesReply services() override { return {}; }
  Result<pb::GetWeightsReply> weights(const pb::GetWeightsRequest&) override { return fail(why_); }
  Result<pb::ListChangesReply> changes(const pb::ListChangesRequest&) override {
    return fail(why_);
  }
  Result<pb::ExplainWeightsReply> explain(const pb::ExplainWeightsRequest&) override {
    return fail(why_);
  }
  Result<pb::ListPoliciesReply> policies(const pb::ListPoliciesRequest&) override {
    return pb::ListPoliciesReply();
  }
  pb::ListFailoversReply failovers() override { return {}; }
  std::vector<telemetry::v1::Event> events(const pb::ListEventsRequest&) override { return {}; }
  std::vector<telemetry::v1::Event> events_since(const pb::ListEventsRequest&,
                                                 std::uint64_t&) override {
    return {};
  }
  std::uint64_t newest_event() override { return 0; }
  asio::awaitable<Result<pb::CreateTokenReply>> create_token(pb::CreateTokenRequest,
                                                             std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::ListTokensReply>> list_tokens() override { co_return fail(why_); }
  asio::awaitable<Status> revoke_token(std::string, std::string) override { co_return fail(why_); }
  asio::awaitable<Status> remove_agent(std::string, std::string) override { co_return fail(why_); }
  asio::awaitable<Result<pb::PinWeightsReply>> pin(pb::PinWeightsRequest, std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::UnpinWeightsReply>> unpin(pb::UnpinWeightsRequest,
                                                       std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::SetPolicyModeReply>> set_policy_mode(pb::SetPolicyModeRequest,
                                                                  std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::PromotePolicyReply>> promote(pb::PromotePolicyRequest,
                                                          std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::ConfirmPolicyReply>> confirm_policy(pb::ConfirmPolicyRequest,
                                                                 std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::RollbackWeightsReply>> rollback(pb::RollbackWeightsRequest,
                                                             std::string) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::PingPathReply>> ping(pb::PingPathRequest) override {
    co_return fail(why_);
  }
  asio::awaitable<Result<pb::SimulateReply>> simulate(pb::SimulateRequest) override {
    co_return fail(why_);
  }

 private:
  const Error why_;
};

template <typename Request, typename Reply>
Code code_of_call(const char* name, const Error& why) {
  asio::io_context context;
  SystemClock clock;
  Failing backend(why);
  AdminService service(backend, clock);
  RpcRouter router;
  service.serve(router);
  MemoryStreamOptions options;
  options.client.local = true;
  MemoryClient client(context.get_executor(), router, options);
  const UnaryMethod<Request, Reply> method(std::string("weir.admin.v1.Admin.") + name);
  std::optional<Result<Reply>> answer;
  asio::co_spawn(
      context, call(client, method, Request(), std::chrono::milliseconds(0)),
      [&answer](const std::exception_ptr&, Result<Reply> reply) { answer = std::move(reply); });
  context.run();
  return answer && !*answer ? answer->error().code() : Code::ok;
}

TEST(AdminService, LeavesTheWordUnavailableToTheTransport) {
  const Error failed(Code::unavailable, "the store's disk failed");
  EXPECT_EQ((code_of_call<pb::GetWeightsRequest, pb::GetWeightsReply>("GetWeights", failed)),
            Code::internal);
  EXPECT_EQ((code_of_call<pb::PingPathRequest, pb::PingPathReply>("PingPath", failed)),
            Code::internal);
  EXPECT_EQ((code_of_call<pb::RemoveAgentRequest, pb::RemoveAgentReply>("RemoveAgent", failed)),
            Code::internal);
  const Error gone(Code::failed_precondition, "agent x is not connected");
  EXPECT_EQ((code_of_call<pb::PingPathRequest, pb::PingPathReply>("PingPath", gone)),
            Code::failed_precondition);
}

}  // namespace
}  // namespace weir::controller
