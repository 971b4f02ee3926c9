#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "common/async/task_group.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"
#include "controller/api/admin_service.h"
#include "tests/doubles/sim_clock.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = admin::v1;
using std::chrono::milliseconds;

template <typename Reply>
asio::awaitable<Result<Reply>> done() {
  co_return Reply();
}

asio::awaitable<Status> nothing() { co_return Status(); }

/// Answers everything, mostly with nothing.
struct Backend final : AdminBackend {
  pb::StatusReply status() override { return {}; }
  pb::ListAgentsReply agents() override { return agents_now; }
  pb::ListPathsReply paths() override { return {}; }
  pb::ListServicesReply services() override { return {}; }
  Result<pb::GetWeightsReply> weights(const pb::GetWeightsRequest&) override {
    pb::GetWeightsReply reply;
    reply.set_unix_ms(++weights_asked);
    return reply;
  }
  Result<pb::ListChangesReply> changes(const pb::ListChangesRequest&) override {
    return fail(Code::not_found, "no service");
  }
  Result<pb::ExplainWeightsReply> explain(const pb::ExplainWeightsRequest&) override {
    return fail(Code::not_found, "no service");
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
                                                             std::string who) override {
    changed_by = std::move(who);
    return done<pb::CreateTokenReply>();
  }
  asio::awaitable<Result<pb::ListTokensReply>> list_tokens() override {
    return done<pb::ListTokensReply>();
  }
  asio::awaitable<Status> revoke_token(std::string, std::string) override { return nothing(); }
  asio::awaitable<Status> remove_agent(std::string, std::string) override { return nothing(); }
  asio::awaitable<Result<pb::PinWeightsReply>> pin(pb::PinWeightsRequest, std::string) override {
    return done<pb::PinWeightsReply>();
  }
  asio::awaitable<Result<pb::UnpinWeightsReply>> unpin(pb::UnpinWeightsRequest,
                                                       std::string) override {
    return done<pb::UnpinWeightsReply>();
  }
  asio::awaitable<Result<pb::SetPolicyModeReply>> set_policy_mode(pb::SetPolicyModeRequest,
                                                                  std::string) override {
    return done<pb::SetPolicyModeReply>();
  }
  asio::awaitable<Result<pb::PromotePolicyReply>> promote(pb::PromotePolicyRequest,
                                                          std::string) override {
    return done<pb::PromotePolicyReply>();
  }
  asio::awaitable<Result<pb::ConfirmPolicyReply>> confirm_policy(pb::ConfirmPolicyRequest,
                                                                 std::string) override {
    return done<pb::ConfirmPolicyReply>();
  }
  asio::awaitable<Result<pb::RollbackWeightsReply>> rollback(pb::RollbackWeightsRequest,
                                                             std::string) override {
    return done<pb::RollbackWeightsReply>();
  }
  asio::awaitable<Result<pb::PingPathReply>> ping(pb::PingPathRequest) override {
    return done<pb::PingPathReply>();
  }
  asio::awaitable<Result<pb::SimulateReply>> simulate(pb::SimulateRequest) override {
    return done<pb::SimulateReply>();
  }

  pb::ListAgentsReply agents_now;
  std::int64_t weights_asked = 0;
  std::string changed_by;
};

PeerIdentity local() {
  PeerIdentity peer;
  peer.local = true;
  return peer;
}

PeerIdentity shows_certificate_of(const std::string& common_name) {
  PeerIdentity peer;
  peer.authenticated = true;
  peer.common_name = common_name;
  return peer;
}

MemoryStreamOptions as_client(const PeerIdentity& peer) {
  MemoryStreamOptions options;
  options.client = peer;
  return options;
}

class AdminServices : public testing::Test {
 protected:
  AdminServices() { service_.serve(router_); }

  Status code_of(const std::string& path, const PeerIdentity& peer) {
    MemoryClient client(context_.get_executor(), router_, as_client(peer));
    Status ended = fail(Code::internal, "the call did not end");
    TaskGroup tasks(context_.get_executor());
    tasks.spawn("call",
                [](RpcClient& to, std::string method, Status& out) -> asio::awaitable<void> {
                  const auto reply = co_await call_bytes(to, method, "", milliseconds(1000));
                  out = reply ? Status() : Status(fail(reply.error()));
                }(client, path, ended));
    clock_.advance(milliseconds(10));
    return ended;
  }

  /// How many messages a watch of 30 seconds sees; `halfway` happens in its middle.
  int seen_by_watch(const std::string& path, const std::function<void()>& halfway) {
    MemoryClient client(context_.get_executor(), router_, as_client(local()));
    int seen = 0;
    TaskGroup tasks(context_.get_executor());
    tasks.spawn("watch",
                [](RpcClient& to, std::string method, int& count) -> asio::awaitable<void> {
                  const auto stream = to.open(method, {});
                  (void)stream->write("");
                  stream->close();
                  while (co_await stream->read()) ++count;
                }(client, path, seen));
    clock_.advance(std::chrono::seconds(15));
    halfway();
    clock_.advance(std::chrono::seconds(15));
    tasks.stop();
    clock_.advance(milliseconds(600));
    return seen;
  }

  asio::io_context context_;
  SimClock clock_{context_};
  Backend backend_;
  AdminService service_{backend_, clock_};
  RpcRouter router_;
};

TEST_F(AdminServices, ServeEveryMethodAndOnlyToOperators) {
  const auto* const api =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("weir.admin.v1.Admin");
  ASSERT_NE(api, nullptr);
  for (int i = 0; i < api->method_count(); ++i) {
    const std::string path = "/weir.admin.v1.Admin/" + api->method(i)->name();
    ASSERT_NE(router_.find(path), nullptr) << path;
    const Status stranger = code_of(path, {});
    ASSERT_FALSE(stranger) << path;
    EXPECT_EQ(stranger.error().code(), Code::unauthenticated) << path;
  }
}

TEST_F(AdminServices, TellTheBackendWhoChangesSomething) {
  EXPECT_TRUE(code_of("/weir.admin.v1.Admin/CreateToken", shows_certificate_of("ada")));
  EXPECT_EQ(backend_.changed_by, "ada");
  EXPECT_EQ(code_of("/weir.admin.v1.Admin/ExplainWeights", local()).error().code(),
            Code::not_found);
}

TEST_F(AdminServices, SendAWatcherTheFirstAnswerAndThenEachChange) {
  for (const char* name : {"WatchAgents", "WatchServices", "WatchFailovers", "WatchPaths"}) {
    EXPECT_EQ(seen_by_watch(std::string("/weir.admin.v1.Admin/") + name, [] {}), 1) << name;
  }
  EXPECT_EQ(seen_by_watch("/weir.admin.v1.Admin/WatchAgents",
                          [this] { backend_.agents_now.add_agents()->set_agent("a"); }),
            2);
}

TEST_F(AdminServices, DoNotTakeTheTimeOfAnAnswerForAChange) {
  EXPECT_EQ(seen_by_watch("/weir.admin.v1.Admin/WatchWeights", [] {}), 1);
  EXPECT_GT(backend_.weights_asked, 10);
}

}  // namespace
}  // namespace weir::controller
