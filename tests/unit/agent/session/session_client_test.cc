#include "agent/session/session_client.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "common/async/task_group.h"
#include "common/rpc/memory_stream.h"
#include "tests/doubles/sim_clock.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
namespace pb = control::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ServerStream = MessageStream<pb::AgentMessage, pb::ControllerMessage>;

/// The controller's end: keeps what came in, says what the test wants.
class FakeController final : public Connector {
 public:
  explicit FakeController(asio::io_context& context)
      : context_(context), tasks_(context.get_executor()) {}

  asio::awaitable<Result<std::unique_ptr<ControlStream>>> connect() override {
    ++attempts;
    if (!reachable) co_return fail(Code::unavailable, "no route to the controller");
    auto pair = make_memory_streams(context_.get_executor());
    stream = std::make_shared<ServerStream>(std::move(pair.server));
    tasks_.spawn("fake controller", read_all(*this, stream));
    co_return std::move(pair.client);
  }

  void send(const pb::ControllerMessage& message) { ASSERT_TRUE(stream->write(message)); }
  void welcome() {
    pb::ControllerMessage message;
    message.mutable_welcome()->set_epoch(1);
    send(message);
  }
  void hang_up() {
    stream->close(fail(Code::unavailable, "controller stops"));
    stream.reset();
  }
  void stop() {
    stream.reset();
    tasks_.stop();
  }

  /// The messages of one kind, in order.
  std::vector<pb::AgentMessage> of(pb::AgentMessage::KindCase kind) const {
    std::vector<pb::AgentMessage> found;
    for (const auto& message : received) {
      if (message.kind_case() == kind) found.push_back(message);
    }
    return found;
  }

  bool reachable = true;
  int attempts = 0;
  std::shared_ptr<ServerStream> stream;
  std::vector<pb::AgentMessage> received;

 private:
  static asio::awaitable<void> read_all(FakeController& self, std::shared_ptr<ServerStream> from) {
    while (auto message = co_await from->read()) self.received.push_back(*message);
  }

  asio::io_context& context_;
  TaskGroup tasks_;
};

class SessionClientTest : public testing::Test {
 protected:
  SessionClientTest()
      : session_(controller_, clock_, Rng(1), SessionOptions{}, callbacks()),
        tasks_(context_.get_executor()) {
    tasks_.spawn("session", session_.run());
    run(milliseconds(0));
  }
  ~SessionClientTest() override {
    tasks_.stop();
    controller_.stop();
    run(milliseconds(10));
    EXPECT_EQ(tasks_.size(), 0U);
  }

  SessionCallbacks callbacks() {
    return {
        .hello =
            [] {
              pb::Hello hello;
              hello.set_generation(7);
              return hello;
            },
        .apply = [this](const policy::v1::Revision& revision) -> Status {
          applied_.push_back(revision.generation());
          if (revision.generation() == 666) return fail(Code::invalid_argument, "bad weights");
          return {};
        },
        .renewal_csr = [this] { return std::exchange(csr_, std::nullopt); },
        .certificate = [this](const pb::Certificate& made) { certificate_ = made; },
        .ping =
            [](const pb::PingRequest& request, const std::function<void(pb::PingReply)>& done) {
              pb::PingReply reply;
              reply.set_id(request.id());
              done(reply);
            },
        .state = [this](bool up, const std::string& reason) { states_.emplace_back(up, reason); }};
  }

  void run(Duration duration) { clock_.advance(duration); }

  asio::io_context context_;
  SimClock clock_{context_};
  FakeController controller_{context_};
  std::vector<std::uint64_t> applied_;
  std::optional<std::string> csr_;
  pb::Certificate certificate_;
  std::vector<std::pair<bool, std::string>> states_;
  SessionClient session_;
  TaskGroup tasks_;
};

TEST_F(SessionClientTest, SaysWhatIsInForceBeforeAnythingElse) {
  ASSERT_EQ(controller_.received.size(), 1U);
  EXPECT_EQ(controller_.received[0].hello().generation(), 7U);
  EXPECT_FALSE(session_.connected());
  controller_.welcome();
  run(milliseconds(1));
  EXPECT_TRUE(session_.connected());
}

TEST_F(SessionClientTest, AnswersARevisionWithAckOrTheReason) {
  controller_.welcome();
  for (const std::uint64_t generation : {8U, 666U}) {
    pb::ControllerMessage message;
    message.mutable_revision()->set_generation(generation);
    controller_.send(message);
  }
  run(milliseconds(1));
  EXPECT_EQ(applied_, (std::vector<std::uint64_t>{8, 666}));
  const auto acks = controller_.of(pb::AgentMessage::kAck);
  ASSERT_EQ(acks.size(), 2U);
  EXPECT_EQ(acks[0].ack().error(), "");
  EXPECT_EQ(acks[1].ack().error(), "bad weights");
}

TEST_F(SessionClientTest, CutsAStreamThatIsNotWelcomed) {
  run(seconds(6));
  ASSERT_FALSE(states_.empty());
  EXPECT_FALSE(states_[0].first);
  EXPECT_GE(controller_.attempts, 2);
}

TEST_F(SessionClientTest, ComesBackWithGrowingWaitsAndAtOnceAfterAWelcome) {
  controller_.welcome();
  run(milliseconds(1));
  controller_.reachable = false;
  controller_.hang_up();
  run(seconds(60));
  const int attempts = controller_.attempts;
  EXPECT_GE(attempts, 12);  // at most 5 s apart
  EXPECT_LE(attempts, 40);  // not hammering
  controller_.reachable = true;
  run(seconds(6));
  EXPECT_EQ(controller_.of(pb::AgentMessage::kHello).size(), 2U);
  controller_.welcome();
  run(milliseconds(1));
  EXPECT_TRUE(session_.connected());
  controller_.hang_up();
  run(milliseconds(250));  // the first wait again
  EXPECT_EQ(controller_.of(pb::AgentMessage::kHello).size(), 3U);
}

TEST_F(SessionClientTest, DropsReportsWithoutAStreamAndCountsThem) {
  session_.publish_report({});
  EXPECT_EQ(session_.dropped_reports(), 1U);
  controller_.welcome();
  run(milliseconds(1));
  telemetry::v1::Report report;
  report.set_sequence(2);
  session_.publish_report(report);
  run(milliseconds(1));
  ASSERT_EQ(controller_.of(pb::AgentMessage::kReport).size(), 1U);
  EXPECT_EQ(session_.dropped_reports(), 1U);
}

TEST_F(SessionClientTest, KeepsTheNewestEventsUntilThereIsAStream) {
  for (int i = 0; i < 300; ++i) {
    telemetry::v1::Event event;
    event.set_unix_ms(i);
    session_.publish_event(event);
  }
  controller_.welcome();
  run(milliseconds(1));
  const auto events = controller_.of(pb::AgentMessage::kEvent);
  ASSERT_EQ(events.size(), 256U);
  EXPECT_EQ(events.front().event().unix_ms(), 44);
  EXPECT_EQ(events.back().event().unix_ms(), 299);
}

TEST_F(SessionClientTest, AsksForACertificateWhenItIsDueAndHandsItOver) {
  controller_.welcome();
  run(seconds(6));
  EXPECT_TRUE(controller_.of(pb::AgentMessage::kRenew).empty());
  csr_ = "csr";
  run(seconds(11));
  ASSERT_EQ(controller_.of(pb::AgentMessage::kRenew).size(), 1U);
  pb::ControllerMessage message;
  message.mutable_certificate()->set_certificate_der("cert");
  controller_.send(message);
  run(milliseconds(1));
  EXPECT_EQ(certificate_.certificate_der(), "cert");
}

TEST_F(SessionClientTest, AnswersAPing) {
  controller_.welcome();
  pb::ControllerMessage message;
  message.mutable_ping()->set_id(99);
  controller_.send(message);
  run(milliseconds(1));
  ASSERT_EQ(controller_.of(pb::AgentMessage::kPingReply).size(), 1U);
  EXPECT_EQ(controller_.of(pb::AgentMessage::kPingReply)[0].ping_reply().id(), 99U);
}

}  // namespace
}  // namespace weir::agent
