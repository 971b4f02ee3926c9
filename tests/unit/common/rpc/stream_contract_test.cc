// What every ControlStream promises, over gRPC and in memory: the same tests on both.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/detached.hpp>

#include "common/async/clock.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"
#include "tests/unit/common/rpc/rpc_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using Stream = std::shared_ptr<ControlStream>;

enum class Transport { grpc, memory };

constexpr std::size_t k_queue_max = 1 << 20;
constexpr std::size_t k_block = 64 << 10;

class StreamContract : public RpcTest, public testing::WithParamInterface<Transport> {
 protected:
  void serve_all() {
    RpcServerOptions server;
    server.queue_bytes_max = k_queue_max;
    server.drain = 100ms;
    serve(server);
    RpcChannelOptions channel;
    channel.queue_bytes_max = k_queue_max;
    connect(channel);
    MemoryStreamOptions memory;
    memory.queue_bytes_max = k_queue_max;
    memory_ = std::make_unique<MemoryClient>(server_loop_.executor(), router_, memory);
  }
  /// `handler` outlives the calls.
  template <typename Handler>
  void add(const std::string& path, Handler& handler) {
    router_.add(path, [&handler](CallContext context, Stream stream) {
      return handler.run(std::move(context), std::move(stream));
    });
  }
  bool in_memory() const { return GetParam() == Transport::memory; }
  RpcClient& client() { return in_memory() ? static_cast<RpcClient&>(*memory_) : *channel_; }
  /// Where the client's end lives.
  Loop& loop() { return in_memory() ? server_loop_ : client_; }

  std::unique_ptr<MemoryClient> memory_;
  SystemClock clock_;
};

INSTANTIATE_TEST_SUITE_P(Over, StreamContract, testing::Values(Transport::grpc, Transport::memory),
                         [](const auto& row) {
                           return row.param == Transport::grpc ? "Grpc" : "Memory";
                         });

void wait_for(const std::atomic<int>& counter, int value) {
  for (int count = counter; count < value; count = counter) std::this_thread::yield();
}

asio::awaitable<Status> echo(CallContext, Stream stream) {
  while (auto message = co_await stream->read()) {
    WEIR_CO_TRY(stream->write(std::move(*message)));
  }
  co_return Status();
}

/// Writes all at once, ends its half, and returns what came back.
asio::awaitable<std::vector<std::string>> send_all(RpcClient& client, std::string path,
                                                   std::vector<std::string> messages,
                                                   Status& ended) {
  const auto stream = client.open(path, 0ms);
  for (std::string& message : messages) (void)stream->write(std::move(message));
  stream->close();
  std::vector<std::string> answers;
  while (auto answer = co_await stream->read()) answers.push_back(std::move(*answer));
  ended = co_await stream->closed();
  co_return answers;
}

// Rule 2: two writes in flight at once are an error in gRPC.
TEST_P(StreamContract, CarriesMessagesBothWaysInOrder) {
  router_.add("/t/Echo", echo);
  serve_all();
  std::vector<std::string> messages{""};
  for (int i = 0; i < 500; ++i) messages.push_back("message " + std::to_string(i));
  Status ended = fail(Code::unknown, "");
  EXPECT_EQ(loop().run(send_all(client(), "/t/Echo", messages, ended)), messages);
  EXPECT_TRUE(ended);
}

asio::awaitable<Status> say_and_refuse(CallContext, Stream stream) {
  (void)stream->write("last words");
  co_return fail(Code::failed_precondition, "not now");
}

TEST_P(StreamContract, EndsWithTheHandlersStatusAfterItsLastMessage) {
  router_.add("/t/Refuse", say_and_refuse);
  serve_all();
  Status ended;
  const auto answers = loop().run(send_all(client(), "/t/Refuse", {"a"}, ended));
  EXPECT_EQ(answers, std::vector<std::string>{"last words"});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error(), Error(Code::failed_precondition, "not now"));
}

TEST_P(StreamContract, OfAnUnknownMethodIsUnimplemented) {
  serve_all();
  Status ended;
  EXPECT_TRUE(loop().run(send_all(client(), "/t/None", {}, ended)).empty());
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::unimplemented);
}

/// Counts what it could write before it was cut; what a test sees of a stalled reader.
struct Flood {
  std::atomic<int> ended = 0;
  std::size_t written = 0;
  std::size_t queued_most = 0;
  Code code = Code::ok;

  asio::awaitable<Status> run(CallContext, Stream stream) {
    SystemClock clock;
    for (;;) {
      const Status sent = stream->write(std::string(k_block, 'x'));
      if (!sent) {
        code = sent.error().code();
        break;
      }
      written += k_block;
      queued_most = std::max(queued_most, stream->queued_bytes());
      co_await clock.sleep_for(10us);  // lets the network take what it takes
    }
    ++ended;
    co_return Status();
  }
};

// Rules 2 and 4: cut at a limit in bytes, and the call ends although its last write is blocked.
TEST_P(StreamContract, CutsAReaderThatStalls) {
  Flood flood;
  add("/t/Flood", flood);
  serve_all();
  auto stream = loop().run(open_stream(client(), "/t/Flood"));
  wait_for(flood.ended, 1);
  EXPECT_EQ(flood.code, Code::resource_exhausted);
  EXPECT_LE(flood.queued_most, k_queue_max);
  EXPECT_LE(flood.written, k_queue_max + (16U << 20U)) << "gRPC's own buffers included";
  while (server_->calls() > 0) std::this_thread::yield();
  const Status ended = loop().run(end_of(*stream));
  ASSERT_FALSE(ended);
  loop().run(let_go(std::move(stream)));
}

asio::awaitable<Status> read_one_and_wait(CallContext, Stream stream) {
  co_await stream->read();
  co_await stream->closed();
  co_return Status();
}

asio::awaitable<std::size_t> write_until_refused(RpcClient& client, std::string path, Code& code,
                                                 Status& ended) {
  SystemClock clock;
  const auto stream = client.open(path, 0ms);
  std::size_t written = 0;
  for (;;) {
    const Status sent = stream->write(std::string(k_block, 'x'));
    if (!sent) {
      code = sent.error().code();
      break;
    }
    written += k_block;
    co_await clock.sleep_for(10us);
  }
  ended = co_await end_of(*stream);
  co_return written;
}

TEST_P(StreamContract, CutsAWriterWhoseHandlerDoesNotRead) {
  router_.add("/t/Sink", read_one_and_wait);
  serve_all();
  Code code = Code::ok;
  Status ended;
  const std::size_t written = loop().run(write_until_refused(client(), "/t/Sink", code, ended));
  EXPECT_EQ(code, Code::resource_exhausted);
  EXPECT_LE(written, k_queue_max + (16U << 20U)) << "gRPC's own buffers included";
  EXPECT_FALSE(ended);
}

constexpr std::size_t k_plenty = 64 << 20;

/// Writes block after block, each when the one before has gone, until one stays.
asio::awaitable<std::size_t> write_while_it_is_taken(RpcClient& client, std::string path) {
  SystemClock clock;
  const auto stream = client.open(path, 0ms);
  for (std::size_t written = 0; written < k_plenty; written += k_block) {
    (void)stream->write(std::string(k_block, 'x'));
    for (int polls = 0; stream->queued_bytes() > 0; ++polls) {
      if (polls == 300) co_return written;
      co_await clock.sleep_for(1ms);
    }
  }
  co_return k_plenty;
}

// Rule 3: a bridge that reads on while its handler is busy would take everything.
TEST_P(StreamContract, HoldsAWriterBackWhileTheHandlerDoesNotRead) {
  router_.add("/t/Sink", read_one_and_wait);
  serve_all();
  EXPECT_LE(loop().run(write_while_it_is_taken(client(), "/t/Sink")), 16U << 20U)
      << "gRPC's own buffers included";
}

asio::awaitable<Status> latest_of_many(CallContext, Stream stream) {
  for (int i = 1; i <= 1000; ++i) {
    WEIR_CO_TRY(stream->write_latest("state " + std::to_string(i) + std::string(k_block, ' ')));
  }
  co_return Status();
}

TEST_P(StreamContract, SendsOnlyTheNewestOfStatesThatWait) {
  router_.add("/t/Latest", latest_of_many);
  serve_all();
  Status ended;
  const auto states = loop().run(send_all(client(), "/t/Latest", {}, ended));
  EXPECT_TRUE(ended);
  ASSERT_EQ(states.size(), 2U) << "the first was under way, the others gave way to the newest";
  EXPECT_TRUE(states.front().starts_with("state 1 "));
  EXPECT_TRUE(states.back().starts_with("state 1000 "));
}

/// A handler that waits until it is cancelled.
struct Sleeper {
  std::atomic<int> started = 0;
  std::atomic<int> cancelled = 0;
  asio::awaitable<Status> run(CallContext, Stream) {
    SystemClock clock;
    ++started;
    if (!co_await clock.sleep_for(1h)) ++cancelled;
    co_return Status();
  }
};

TEST_P(StreamContract, CancelsTheHandlerWhenTheClientLetsGo) {
  Sleeper sleeper;
  add("/t/Sleep", sleeper);
  serve_all();
  auto stream = loop().run(open_stream(client(), "/t/Sleep"));
  wait_for(sleeper.started, 1);
  loop().run(let_go(std::move(stream)));
  wait_for(sleeper.cancelled, 1);
}

asio::awaitable<Status> close_with(ControlStream& stream, Status why) {
  stream.close(std::move(why));
  co_return co_await stream.closed();
}

TEST_P(StreamContract, CancelsTheHandlerWhenTheClientClosesWithAnError) {
  Sleeper sleeper;
  add("/t/Sleep", sleeper);
  serve_all();
  auto stream = loop().run(open_stream(client(), "/t/Sleep"));
  wait_for(sleeper.started, 1);
  const Status ended = loop().run(close_with(*stream, fail(Code::cancelled, "enough")));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::cancelled);
  wait_for(sleeper.cancelled, 1);
  loop().run(let_go(std::move(stream)));
}

asio::awaitable<Status> write_late(ControlStream& stream) { co_return stream.write("late"); }

// Rule 6: without the hold, gRPC would be done with the call and a late write would crash.
TEST_P(StreamContract, RefusesAWriteAfterTheEnd) {
  router_.add("/t/Refuse", say_and_refuse);
  serve_all();
  auto stream = loop().run(open_stream(client(), "/t/Refuse"));
  EXPECT_FALSE(loop().run(end_of(*stream)));
  const Status late = loop().run(write_late(*stream));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::unavailable);
  loop().run(let_go(std::move(stream)));
}

asio::awaitable<Status> write_a_lot_and_return(CallContext, Stream stream) {
  for (int i = 0; i < 12; ++i) WEIR_CO_TRY(stream->write(std::string(k_block, 'x')));
  co_return Status();
}

TEST_P(StreamContract, DeliversWhatWasQueuedBeforeTheClose) {
  router_.add("/t/Lot", write_a_lot_and_return);
  serve_all();
  Status ended;
  EXPECT_EQ(loop().run(send_all(client(), "/t/Lot", {}, ended)).size(), 12U);
  EXPECT_TRUE(ended);
}

/// Reads in one coroutine while the handler returns in another.
struct ReaderLeftBehind {
  std::atomic<int> ended = 0;
  asio::awaitable<void> read(Stream stream) {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (co_await stream->read()) {
    }
    ++ended;
  }
  asio::awaitable<Status> run(CallContext, Stream stream) {
    asio::co_spawn(co_await asio::this_coro::executor, read(stream), asio::detached);
    (void)stream->write("hello");
    co_return Status();
  }
};

TEST_P(StreamContract, EndsAReadThatIsPendingWhenTheHandlerReturns) {
  ReaderLeftBehind handler;
  add("/t/Reader", handler);
  serve_all();
  auto stream = loop().run(open_stream(client(), "/t/Reader"));
  EXPECT_TRUE(loop().run(end_of(*stream)));
  wait_for(handler.ended, 1);
  loop().run(let_go(std::move(stream)));
}

}  // namespace
}  // namespace weir
