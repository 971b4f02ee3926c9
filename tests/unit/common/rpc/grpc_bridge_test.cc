// The rules of the gRPC bridge that only gRPC can break, and what a server does with its sockets.

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <fstream>
#include <latch>

#include "common/async/clock.h"
#include "common/rpc/call.h"
#include "common/rpc/client_call.h"
#include "tests/unit/common/rpc/rpc_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using Stream = std::shared_ptr<ControlStream>;

class GrpcBridge : public RpcTest {};

asio::awaitable<Status> wait_for_the_end(CallContext, Stream stream) {
  (void)stream->write("open");
  co_await stream->closed();
  co_return Status();
}

asio::awaitable<Status> open_and_read_to_the_end(RpcClient& client, std::string path,
                                                 std::atomic<int>& open) {
  const auto stream = client.open(path, 0ms);
  if (co_await stream->read()) ++open;
  while (co_await stream->read()) {
  }
  co_return co_await stream->closed();
}

// Rule 5.
TEST_F(GrpcBridge, StopsAServerWithOpenStreams) {
  router_.add("/t/Open", wait_for_the_end);
  serve();
  connect();
  std::atomic<int> open = 0;
  std::vector<std::future<Status>> readers;
  readers.reserve(20);
  for (int i = 0; i < 20; ++i) {
    readers.push_back(client_.start(open_and_read_to_the_end(*channel_, "/t/Open", open)));
  }
  while (open < 20) std::this_thread::yield();
  EXPECT_EQ(server_->calls(), 20U);
  server_loop_.run(server_->stop());
  EXPECT_EQ(server_->calls(), 0U);
  for (auto& reader : readers) EXPECT_FALSE(reader.get());
}

/// Needs a moment to clean up after it was cancelled.
asio::awaitable<Status> tidy_up(CallContext, Stream stream, bool& tidy) {
  SystemClock clock;
  (void)stream->write("open");
  co_await stream->closed();
  co_await clock.sleep_for(50ms);
  tidy = true;
  co_return Status();
}

TEST_F(GrpcBridge, StopsOnlyWhenTheLastHandlerHasReturned) {
  bool tidy = false;
  router_.add("/t/Tidy", [&](CallContext context, Stream stream) {
    return tidy_up(std::move(context), std::move(stream), tidy);
  });
  serve();
  connect();
  std::atomic<int> open = 0;
  auto reader = client_.start(open_and_read_to_the_end(*channel_, "/t/Tidy", open));
  while (open < 1) std::this_thread::yield();
  server_loop_.run(server_->stop());
  EXPECT_TRUE(tidy);
  EXPECT_FALSE(reader.get());
}

TEST_F(GrpcBridge, StopsAChannelWithOpenStreams) {
  router_.add("/t/Open", wait_for_the_end);
  serve();
  connect();
  std::atomic<int> open = 0;
  auto reader = client_.start(open_and_read_to_the_end(*channel_, "/t/Open", open));
  while (open < 1) std::this_thread::yield();
  client_.run(channel_->stop());
  const Status ended = reader.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::cancelled);
  while (server_->calls() > 0) std::this_thread::yield();
}

/// Starts a call, then drops everything but the call's own references: the channel's last one is
/// the call's.
asio::awaitable<void> leave_a_call_with_the_channel(std::shared_ptr<ClientShared> shared,
                                                    std::string target) {
  auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  auto stub = std::make_unique<grpc::GenericStub>(channel);
  const auto call = ClientCall::start(std::move(shared), *stub, "/t/Open", 0ms);
  co_await call->read();
  stub.reset();
  channel.reset();
  call->abandon();
}

// Rule 7: where the last reference dies in a callback, gRPC may try to join its own thread.
TEST_F(GrpcBridge, KeepsTheLastReferenceToAChannelOutOfCallbacks) {
  router_.add("/t/Open", wait_for_the_end);
  serve();
  std::atomic<int> died = 0;
  bool died_here = false;
  const auto note = [&](ClientShared* shared) {
    died_here = client_.is_here();
    ++died;
    delete shared;
  };
  // The call's reference to it is the last, so it dies where the call and its channel do.
  std::shared_ptr<ClientShared> shared(new ClientShared(client_.executor(), 1 << 20), note);
  client_.run(leave_a_call_with_the_channel(std::move(shared), "unix:" + socket_));
  while (died == 0) std::this_thread::yield();
  EXPECT_TRUE(died_here);
}

asio::awaitable<Status> reply(CallContext, Stream stream) { co_return stream->write("done"); }

// Rules 1 and 8: gRPC's few threads must stay free while an owner's executor is busy.
TEST_F(GrpcBridge, ServesOthersWhileOneExecutorIsBlocked) {
  router_.add("/t/Reply", reply);
  serve();
  connect();
  Loop other_loop;
  RpcServer other(other_loop.executor(), router_);
  other.listen_unix(folder_ + "/other.sock");
  ASSERT_TRUE(other.start());
  auto to_other =
      RpcChannel::create(client_.executor(), {.target = "unix:" + folder_ + "/other.sock"});
  ASSERT_TRUE(to_other);

  std::latch release(1);
  std::latch blocked(1);
  asio::post(server_loop_.executor(), [&] {
    blocked.count_down();
    release.wait();
  });
  blocked.wait();
  std::vector<std::future<Result<std::string>>> waiting;
  for (int i = 0; i < 60; ++i) {
    waiting.push_back(client_.start(call_bytes(*channel_, "/t/Reply", "a", 60s)));
  }
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(client_.run(call_bytes(**to_other, "/t/Reply", "a", 60s)));
  }
  release.count_down();
  for (auto& call : waiting) EXPECT_TRUE(call.get());

  client_.run((*to_other)->stop());
  other_loop.run(other.stop());
}

// More than gRPC takes for a reader that does not read.
asio::awaitable<Status> write_more_than_a_window(CallContext, Stream stream) {
  for (int i = 0; i < 400; ++i) WEIR_CO_TRY(stream->write(std::string(64 << 10, 'x')));
  co_return Status();
}

// Rule 4, at the close: the last word does not wait for ever behind a blocked write.
TEST_F(GrpcBridge, CutsAReaderThatStallsWhileTheServerCloses) {
  router_.add("/t/Window", write_more_than_a_window);
  RpcServerOptions options;
  options.drain = 50ms;
  options.queue_bytes_max = 64 << 20;
  serve(options);
  connect();
  auto stream = client_.run(open_stream(*channel_, "/t/Window"));
  while (server_->calls() == 0) std::this_thread::yield();
  while (server_->calls() > 0) std::this_thread::yield();
  EXPECT_FALSE(client_.run(end_of(*stream)));
  client_.run(let_go(std::move(stream)));
}

TEST_F(GrpcBridge, GivesItsSocketFileTheModeAskedFor) {
  serve();
  struct stat found{};
  ASSERT_EQ(::stat(socket_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0660U);
}

TEST_F(GrpcBridge, ReplacesASocketFileThatNobodyServes) {
  serve();
  const std::string stale = folder_ + "/stale.sock";
  std::filesystem::create_hard_link(socket_, stale);
  server_loop_.run(server_->stop());
  RpcServer again(server_loop_.executor(), router_);
  again.listen_unix(stale);
  const Status started = again.start();
  EXPECT_TRUE(started) << started.error().message();
  server_loop_.run(again.stop());
}

TEST_F(GrpcBridge, LeavesASocketFileThatIsServed) {
  router_.add("/t/Reply", reply);
  serve();
  RpcServer second(server_loop_.executor(), router_);
  second.listen_unix(socket_);
  const Status started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::already_exists);
  connect();
  EXPECT_TRUE(client_.run(call_bytes(*channel_, "/t/Reply", "a", 10s)));
}

asio::awaitable<bool> stop_and_see(RpcServer& server, const bool& tidy) {
  co_await server.stop(20ms);
  co_return tidy&& server.calls() == 0;
}

TEST_F(GrpcBridge, TellsEveryoneWhoStopsItOnlyWhenItIsDone) {
  bool tidy = false;
  router_.add("/t/Tidy", [&](CallContext context, Stream stream) {
    return tidy_up(std::move(context), std::move(stream), tidy);
  });
  serve();
  connect();
  std::atomic<int> open = 0;
  auto reader = client_.start(open_and_read_to_the_end(*channel_, "/t/Tidy", open));
  while (open < 1) std::this_thread::yield();
  std::vector<std::future<bool>> stopped;
  for (int i = 0; i < 5; ++i) stopped.push_back(server_loop_.start(stop_and_see(*server_, tidy)));
  for (auto& one : stopped) EXPECT_TRUE(one.get());
  EXPECT_FALSE(reader.get());
  server_.reset();
}

TEST_F(GrpcBridge, LeavesAFileThatIsNoSocket) {
  std::ofstream(socket_) << "precious";
  RpcServer server(server_loop_.executor(), router_);
  server.listen_unix(socket_);
  const Status started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::already_exists);
  EXPECT_EQ(std::filesystem::file_size(socket_), 8U);
}

TEST_F(GrpcBridge, NamesAnAddressItCannotListenOn) {
  RpcServer first(server_loop_.executor(), router_);
  first.listen_insecure(*Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(first.start());
  const std::string taken = "127.0.0.1:" + std::to_string(first.port());
  RpcServer second(server_loop_.executor(), router_);
  second.listen_insecure(*Endpoint::parse(taken));
  const Status started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find(taken), std::string::npos);
  server_loop_.run(first.stop());
}

}  // namespace
}  // namespace weir
