#include "controller/session/session_hub.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "common/async/task_group.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"
#include "tests/doubles/sim_clock.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = control::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;

const AgentId k_agent("us/agent-1");
const BidiMethod<pb::AgentMessage, pb::ControllerMessage> k_connect(
    "weir.control.v1.Session.Connect");

PeerIdentity identity(const std::string& uri) {
  return {
      .address = "memory", .local = false, .authenticated = true, .common_name = "", .uris = {uri}};
}

std::shared_ptr<const policy::v1::Revision> revision(std::uint64_t generation) {
  auto made = std::make_shared<policy::v1::Revision>();
  made->set_epoch(1);
  made->set_generation(generation);
  made->set_digest("digest " + std::to_string(generation));
  return made;
}

/// An agent's end of one session: keeps what came down.
class FakeAgent {
 public:
  using Stream = MessageStream<pb::ControllerMessage, pb::AgentMessage>;

  FakeAgent(asio::io_context& context, const RpcRouter& router, const PeerIdentity& who)
      : client_(context.get_executor(), router, options(who)), tasks_(context.get_executor()) {
    stream = std::make_shared<Stream>(open(client_, k_connect));
    tasks_.spawn("fake agent", read_all(*this, stream));
  }
  void stop() {
    stream->close(fail(Code::cancelled, "the test is over"));
    tasks_.stop();
  }

  void hello(std::uint64_t generation) {
    pb::AgentMessage message;
    message.mutable_hello()->set_version("test");
    message.mutable_hello()->set_epoch(generation == 0 ? 0 : 1);
    message.mutable_hello()->set_generation(generation);
    if (generation != 0) {
      message.mutable_hello()->set_digest("digest " + std::to_string(generation));
    }
    ASSERT_TRUE(stream->write(message));
  }
  std::size_t count(pb::ControllerMessage::KindCase kind) const {
    std::size_t found = 0;
    for (const auto& message : received) found += message.kind_case() == kind ? 1 : 0;
    return found;
  }

  std::shared_ptr<Stream> stream;
  std::vector<pb::ControllerMessage> received;
  std::optional<Status> ended;

 private:
  static MemoryStreamOptions options(const PeerIdentity& who) {
    MemoryStreamOptions made;
    made.client = who;
    return made;
  }
  static asio::awaitable<void> read_all(FakeAgent& self, std::shared_ptr<Stream> from) {
    while (auto message = co_await from->read()) self.received.push_back(*message);
    self.ended = co_await from->closed();
  }

  MemoryClient client_;
  TaskGroup tasks_;
};

class SessionHubTest : public testing::Test {
 protected:
  SessionHubTest() : tasks_(context_.get_executor()) {
    hub_.serve(router_);
    tasks_.spawn("hub", hub_.run());
    run(milliseconds(0));
  }
  ~SessionHubTest() override {
    for (const auto& agent : agents_) agent->stop();
    tasks_.stop();
    run(milliseconds(10));
  }

  SessionCallbacks callbacks() {
    return {.admit = [this](AgentId agent, pb::Hello hello) { return admit(agent, hello); },
            .newest = [this](const AgentId&) { return newest_; },
            .epoch = [] { return std::uint64_t{1}; },
            .ack = [this](const AgentId&, const pb::Ack& ack) { acks_.push_back(ack); },
            .report = [this](const AgentId& agent,
                             const telemetry::v1::Report&) { reports_.push_back(agent); },
            .event = [](const AgentId&, const telemetry::v1::Event&) {},
            .renew = [this](AgentId, std::string csr) { return renew(std::move(csr)); },
            .ended = [this](const AgentId&, const Status& why) { ended_.push_back(why); }};
  }
  asio::awaitable<Status> admit(AgentId /*agent*/, pb::Hello /*hello*/) {
    if (!known_) co_return fail(Code::permission_denied, "removed from the mesh");
    co_return Status();
  }
  asio::awaitable<Result<pb::Certificate>> renew(std::string csr) {
    if (!renewal_) co_return fail(renewal_.error());
    pb::Certificate made;
    made.set_certificate_der("for " + csr);
    co_return made;
  }

  FakeAgent& join(const std::string& uri = "weir://demo/agent/us/agent-1") {
    agents_.push_back(std::make_unique<FakeAgent>(context_, router_, identity(uri)));
    run(milliseconds(0));
    return *agents_.back();
  }
  FakeAgent& join_with(std::uint64_t generation) {
    FakeAgent& agent = join();
    agent.hello(generation);
    run(milliseconds(0));
    return agent;
  }
  void run(Duration duration) { clock_.advance(duration); }

  asio::io_context context_;
  SimClock clock_{context_};
  std::shared_ptr<const policy::v1::Revision> newest_ = revision(3);
  bool known_ = true;
  Status renewal_;
  std::vector<pb::Ack> acks_;
  std::vector<AgentId> reports_;
  std::vector<Status> ended_;
  SessionHub hub_{{.mesh = "demo", .version = "1"}, clock_, callbacks()};
  RpcRouter router_;
  TaskGroup tasks_;
  std::vector<std::unique_ptr<FakeAgent>> agents_;
};

TEST_F(SessionHubTest, WelcomesAndSendsTheNewestRevision) {
  FakeAgent& agent = join_with(0);
  ASSERT_EQ(agent.received.size(), 2U);
  EXPECT_TRUE(agent.received[0].has_welcome());
  EXPECT_EQ(agent.received[1].revision().generation(), 3U);
  EXPECT_NE(hub_.find(k_agent), nullptr);
}

TEST_F(SessionHubTest, SendsNothingToAnAgentThatHasIt) {
  FakeAgent& agent = join_with(3);
  EXPECT_EQ(agent.count(pb::ControllerMessage::kRevision), 0U);
  newest_ = revision(4);
  hub_.push(k_agent);
  hub_.push(k_agent);
  run(milliseconds(0));
  EXPECT_EQ(agent.count(pb::ControllerMessage::kRevision), 1U);
}

TEST_F(SessionHubTest, SendsNothingOlderThanTheAgentHas) {
  FakeAgent& agent = join_with(9);
  EXPECT_EQ(agent.count(pb::ControllerMessage::kRevision), 0U);
  newest_ = revision(10);
  hub_.push(k_agent);
  run(milliseconds(0));
  EXPECT_EQ(agent.count(pb::ControllerMessage::kRevision), 1U);
}

TEST_F(SessionHubTest, KeepsOnlyTheNewestRevisionForAnAgentThatIsBehind) {
  FakeAgent& agent = join_with(3);
  for (std::uint64_t generation = 4; generation <= 100; ++generation) {
    newest_ = revision(generation);
    hub_.push(k_agent);
  }
  run(milliseconds(0));
  EXPECT_LE(agent.count(pb::ControllerMessage::kRevision), 2U);
  EXPECT_EQ(agent.received.back().revision().generation(), 100U);
}

TEST_F(SessionHubTest, TakesWhoItIsFromTheCertificateAlone) {
  for (const char* uri : {"weir://other/agent/us/agent-1", "weir://demo/controller", "nonsense"}) {
    FakeAgent& stranger = join(uri);
    run(milliseconds(1));
    ASSERT_TRUE(stranger.ended) << uri;
    EXPECT_FALSE(*stranger.ended) << uri;
  }
  EXPECT_EQ(hub_.size(), 0U);
}

TEST_F(SessionHubTest, RefusesAnAgentThatLeftTheMesh) {
  known_ = false;
  FakeAgent& agent = join_with(3);
  ASSERT_TRUE(agent.ended);
  EXPECT_EQ(agent.ended->error().code(), Code::permission_denied);
}

TEST_F(SessionHubTest, ReplacesTheOldStreamOfAnAgent) {
  FakeAgent& old = join_with(3);
  join_with(3);
  ASSERT_TRUE(old.ended);
  EXPECT_EQ(old.ended->error().code(), Code::aborted);
  EXPECT_EQ(hub_.size(), 1U);
  EXPECT_TRUE(ended_.empty()) << "the agent is still connected";
}

TEST_F(SessionHubTest, CutsWhoSaysNothing) {
  FakeAgent& mute = join();
  run(seconds(6));
  ASSERT_TRUE(mute.ended);
  EXPECT_EQ(mute.ended->error().code(), Code::deadline_exceeded);

  FakeAgent& silent = join_with(3);
  run(seconds(14));
  EXPECT_FALSE(silent.ended);
  run(seconds(3));
  ASSERT_TRUE(silent.ended);
  EXPECT_EQ(silent.ended->error().code(), Code::deadline_exceeded);
  EXPECT_EQ(ended_.size(), 1U);
}

TEST_F(SessionHubTest, CutsWhoFloods) {
  FakeAgent& agent = join_with(3);
  pb::AgentMessage message;
  message.mutable_report()->set_sequence(1);
  for (int i = 0; i < 300; ++i) (void)agent.stream->write(message);
  run(milliseconds(1));
  ASSERT_TRUE(agent.ended);
  EXPECT_EQ(agent.ended->error().code(), Code::resource_exhausted);
  EXPECT_LE(reports_.size(), 200U);
}

TEST_F(SessionHubTest, PassesOnWhatTheAgentSays) {
  FakeAgent& agent = join_with(3);
  pb::AgentMessage message;
  message.mutable_ack()->set_generation(3);
  ASSERT_TRUE(agent.stream->write(message));
  message.mutable_report()->set_sequence(1);
  ASSERT_TRUE(agent.stream->write(message));
  message.mutable_renew()->set_csr_der("csr");
  ASSERT_TRUE(agent.stream->write(message));
  run(milliseconds(1));
  EXPECT_EQ(acks_.size(), 1U);
  EXPECT_EQ(reports_, std::vector<AgentId>{k_agent});
  EXPECT_EQ(agent.received.back().certificate().certificate_der(), "for csr");
}

TEST_F(SessionHubTest, KeepsASessionWhoseRenewalComesTooEarly) {
  FakeAgent& agent = join_with(3);
  pb::AgentMessage message;
  message.mutable_renew()->set_csr_der("csr");
  renewal_ = fail(Code::resource_exhausted, "too young");
  ASSERT_TRUE(agent.stream->write(message));
  run(milliseconds(1));
  EXPECT_FALSE(agent.ended);
  EXPECT_EQ(agent.count(pb::ControllerMessage::kCertificate), 0U);
  renewal_ = fail(Code::not_found, "removed");
  ASSERT_TRUE(agent.stream->write(message));
  run(milliseconds(1));
  EXPECT_TRUE(agent.ended);
}

TEST_F(SessionHubTest, AsksAnAgentForAPing) {
  FakeAgent& agent = join_with(3);
  std::optional<Result<pb::PingReply>> answer;
  const auto ask = [](SessionHub& hub,
                      std::optional<Result<pb::PingReply>>& out) -> asio::awaitable<void> {
    out = co_await hub.ping(k_agent, AgentId("eu/agent-1"), 3, seconds(2));
  };
  tasks_.spawn("ask", ask(hub_, answer));
  run(milliseconds(1));
  ASSERT_TRUE(agent.received.back().has_ping());
  pb::AgentMessage reply;
  reply.mutable_ping_reply()->set_id(agent.received.back().ping().id());
  reply.mutable_ping_reply()->set_sent(3);
  ASSERT_TRUE(agent.stream->write(reply));
  run(milliseconds(1));
  ASSERT_TRUE(answer);
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->sent(), 3U);

  answer.reset();
  tasks_.spawn("ask", ask(hub_, answer));
  run(seconds(3));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code(), Code::deadline_exceeded);

  agent.stop();
  run(milliseconds(1));
  answer.reset();
  tasks_.spawn("ask", ask(hub_, answer));
  run(milliseconds(1));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code(), Code::failed_precondition) << "the controller is there";
}

}  // namespace
}  // namespace weir::controller
