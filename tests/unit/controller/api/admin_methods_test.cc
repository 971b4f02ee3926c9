#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <string>
#include <vector>

#include "common/async/task_group.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"
#include "controller/api/admin_service.h"
#include "tests/doubles/sim_clock.h"
#include "tests/unit/controller/api/answering_backend.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = admin::v1;
using std::chrono::milliseconds;

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
  AnsweringBackend backend_;
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
  EXPECT_EQ(backend_.changed_by, std::vector<std::string>{"ada"});
  backend_.fails = Error(Code::not_found, "no service");
  EXPECT_EQ(code_of("/weir.admin.v1.Admin/ExplainWeights", local()).error().code(),
            Code::not_found);
}

PeerIdentity visitor(std::string role) {
  PeerIdentity peer;
  peer.visitor = {.name = "eve", .role = std::move(role)};
  return peer;
}

// What each role may do, method by method: whoever adds one says here who may call it.
TEST_F(AdminServices, LetEachRoleDoWhatItMay) {
  const std::map<std::string, std::vector<std::string>> least = {
      {"viewer",
       {"GetStatus",     "WatchStatus",    "ListAgents",   "WatchAgents",   "ListPaths",
        "WatchPaths",    "PingPath",       "ListServices", "WatchServices", "GetWeights",
        "WatchWeights",  "ExplainWeights", "ListChanges",  "ListPolicies",  "WatchPolicies",
        "ListFailovers", "WatchFailovers", "ListEvents",   "WatchEvents",   "GetTraffic",
        "GetSeries",     "ListRegions",    "Simulate",     "Diagnose",      "ListPins",
        "ListGuardrails"}},
      {"operator",
       {"PinWeights", "UnpinWeights", "SetPolicyMode", "ConfirmPolicy", "RollbackWeights",
        "EvacuateRegion", "EndEvacuation", "ListAudit", "TightenGuardrail"}},
      {"admin",
       {"CreateToken", "ListTokens", "RevokeToken", "RemoveAgent", "PromotePolicy", "CreateAccess",
        "ListAccess", "RevokeAccess", "ChangeGuardrail", "TakeSnapshot", "SetLogLevel"}}};
  const std::vector<std::string> roles = {"viewer", "operator", "admin"};
  std::size_t walked = 0;
  for (std::size_t needed = 0; needed < roles.size(); ++needed) {
    for (const std::string& method : least.at(roles[needed])) {
      const std::string path = "/weir.admin.v1.Admin/" + method;
      ++walked;
      for (std::size_t has = 0; has < roles.size(); ++has) {
        const Status ended = code_of(path, visitor(roles[has]));
        const bool refused = !ended && ended.error().code() == Code::permission_denied;
        EXPECT_EQ(refused, has < needed) << method << " by " << roles[has];
      }
    }
  }
  const auto* const api =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("weir.admin.v1.Admin");
  EXPECT_EQ(walked, static_cast<std::size_t>(api->method_count()));
  EXPECT_FALSE(code_of("/weir.admin.v1.Admin/GetStatus", visitor("nobody")));
  EXPECT_FALSE(code_of("/weir.admin.v1.Admin/GetStatus", visitor("ADMIN")));
}

TEST_F(AdminServices, LetOperatorsTightenAndAdminsLoosen) {
  EXPECT_TRUE(code_of("/weir.admin.v1.Admin/ChangeGuardrail", visitor("admin")));
  EXPECT_TRUE(backend_.loosened);
  EXPECT_TRUE(code_of("/weir.admin.v1.Admin/TightenGuardrail", visitor("operator")));
  EXPECT_FALSE(backend_.loosened);
}

TEST_F(AdminServices, AuditEveryChangeAndWhoTriedOne) {
  EXPECT_TRUE(code_of("/weir.admin.v1.Admin/PinWeights", visitor("operator")));
  EXPECT_FALSE(code_of("/weir.admin.v1.Admin/PinWeights", visitor("viewer")));
  EXPECT_TRUE(code_of("/weir.admin.v1.Admin/CreateAccess", local()));
  EXPECT_TRUE(code_of("/weir.admin.v1.Admin/GetStatus", local()));
  backend_.fails = Error(Code::not_found, "no such agent");
  EXPECT_FALSE(code_of("/weir.admin.v1.Admin/RemoveAgent", shows_certificate_of("ada")));
  ASSERT_EQ(backend_.audit.size(), 4U);
  EXPECT_EQ(backend_.audit[0].who(), "eve");
  EXPECT_EQ(backend_.audit[0].from(), "web");
  EXPECT_EQ(backend_.audit[0].action(), "PinWeights");
  EXPECT_EQ(backend_.audit[0].error(), "");
  EXPECT_NE(backend_.audit[1].error().find("takes operator"), std::string::npos);
  EXPECT_EQ(backend_.audit[2].who(), "root");
  EXPECT_EQ(backend_.audit[2].after().find("hush"), std::string::npos) << "a secret in the audit";
  EXPECT_EQ(backend_.audit[3].from(), "tls");
  EXPECT_EQ(backend_.audit[3].error(), "no such agent");
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
