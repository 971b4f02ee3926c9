// What only the in-memory form of a call can show: links with faults, messages in serialised form.

#include "common/rpc/memory_stream.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>

#include "common/rpc/call.h"
#include "common/rpc/message_stream.h"
#include "weir/control/v1/session.pb.h"

namespace weir {
namespace {

namespace asio = boost::asio;
using control::v1::AgentMessage;
using control::v1::ControllerMessage;

class MemoryStream : public testing::Test {
 protected:
  /// Runs everything that is ready.
  void settle() {
    context_.restart();
    context_.poll();
  }
  template <typename T>
  void spawn(asio::awaitable<T> task) {
    asio::co_spawn(context_, std::move(task), asio::detached);
  }

  asio::io_context context_{1};
};

asio::awaitable<void> read_into(ControlStream& stream, std::vector<std::string>& into) {
  while (auto message = co_await stream.read()) into.push_back(std::move(*message));
}

// Rule 10: what arrives is what protobuf wrote, so a field the codec drops is missed here too.
TEST_F(MemoryStream, PassesMessagesInSerialisedForm) {
  auto [client, server] = make_memory_streams(context_.get_executor());
  MessageStream<ControllerMessage, AgentMessage> agent{std::shared_ptr(std::move(client))};
  AgentMessage hello;
  hello.mutable_hello()->set_version("0.1.0");
  ASSERT_TRUE(agent.write(hello));
  std::vector<std::string> arrived;
  spawn(read_into(*server, arrived));
  settle();
  ASSERT_EQ(arrived.size(), 1U);
  EXPECT_EQ(arrived[0], hello.SerializeAsString());
  agent.close();
  settle();
}

asio::awaitable<void> expect_no_message(MessageStream<AgentMessage, ControllerMessage> stream,
                                        bool& ended) {
  ended = !co_await stream.read();
}

asio::awaitable<void> status_into(ControlStream& stream, std::optional<Status>& into) {
  into = co_await stream.closed();
}

TEST_F(MemoryStream, EndsACallWhoseBytesAreNoMessage) {
  auto [client, server] = make_memory_streams(context_.get_executor());
  bool ended = false;
  std::optional<Status> status;
  spawn(status_into(*client, status));
  spawn(expect_no_message(
      MessageStream<AgentMessage, ControllerMessage>(std::shared_ptr(std::move(server))), ended));
  ASSERT_TRUE(client->write("\xff\xff\xff"));
  settle();
  EXPECT_TRUE(ended);
  ASSERT_TRUE(status && !*status);
  EXPECT_EQ(status->error().code(), Code::invalid_argument);
}

TEST_F(MemoryStream, DeliversWhenTheLinkDoes) {
  std::deque<std::function<void()>> on_the_way;
  MemoryStreamOptions options;
  options.client_to_server = [&](std::function<void()> deliver) {
    on_the_way.push_back(std::move(deliver));
  };
  auto [client, server] = make_memory_streams(context_.get_executor(), options);
  std::vector<std::string> arrived;
  spawn(read_into(*server, arrived));
  ASSERT_TRUE(client->write("slow"));
  settle();
  EXPECT_TRUE(arrived.empty());
  ASSERT_EQ(on_the_way.size(), 1U);
  on_the_way.front()();
  settle();
  EXPECT_EQ(arrived, std::vector<std::string>{"slow"});
  server->close();
  settle();
}

TEST_F(MemoryStream, SurvivesALinkThatDeliversAfterBothEndsAreGone) {
  std::deque<std::function<void()>> on_the_way;
  MemoryStreamOptions options;
  options.client_to_server = [&](std::function<void()> deliver) {
    on_the_way.push_back(std::move(deliver));
  };
  {
    auto [client, server] = make_memory_streams(context_.get_executor(), options);
    ASSERT_TRUE(client->write("late"));
    settle();
  }
  settle();
  for (const auto& deliver : on_the_way) deliver();
  settle();
}

TEST_F(MemoryStream, TellsTheServerWhoCalls) {
  MemoryStreamOptions options;
  options.client.authenticated = true;
  options.client.uris = {"weir://demo/agent/us-east-1/agent-1"};
  const auto [client, server] = make_memory_streams(context_.get_executor(), options);
  EXPECT_EQ(server->peer().uris, options.client.uris);
  EXPECT_TRUE(server->peer().authenticated);
  EXPECT_FALSE(client->peer().authenticated);
}

}  // namespace
}  // namespace weir
