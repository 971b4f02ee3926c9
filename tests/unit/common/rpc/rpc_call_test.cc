// Unary calls and the edges of a server, over a real unix socket.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <fstream>

#include "common/async/clock.h"
#include "common/rpc/call.h"
#include "tests/unit/common/rpc/rpc_fixture.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using admin::v1::RevokeTokenReply;
using admin::v1::RevokeTokenRequest;

const UnaryMethod<RevokeTokenRequest, RevokeTokenReply>& revoke() {
  static const UnaryMethod<RevokeTokenRequest, RevokeTokenReply> method(
      "weir.admin.v1.Admin.RevokeToken");
  return method;
}

RevokeTokenRequest request_for(std::string id) {
  RevokeTokenRequest request;
  request.set_id(std::move(id));
  return request;
}

class RpcCall : public RpcTest {
 protected:
  using Handler = RpcRouter::Unary<RevokeTokenRequest, RevokeTokenReply>;

  void serve_revoke(Handler handler, RpcServerOptions options = {}) {
    router_.unary<RevokeTokenRequest, RevokeTokenReply>(revoke(), std::move(handler));
    serve(options);
    connect();
  }
  Result<RevokeTokenReply> revoke_token(std::string id, std::chrono::milliseconds timeout = 10s) {
    return client_.run(call(*channel_, revoke(), request_for(std::move(id)), timeout));
  }
};

asio::awaitable<Result<RevokeTokenReply>> accept(CallContext, RevokeTokenRequest) {
  co_return RevokeTokenReply();
}

asio::awaitable<Result<RevokeTokenReply>> refuse(CallContext, RevokeTokenRequest request) {
  co_return fail(Code::not_found, "no token \"" + request.id() + "\"");
}

TEST_F(RpcCall, BringsTheHandlersReplyBack) {
  serve_revoke(accept);
  const auto reply = revoke_token("a");
  EXPECT_TRUE(reply) << reply.error().message();
}

TEST_F(RpcCall, BringsCodeAndMessageOfARefusalBack) {
  serve_revoke(refuse);
  const auto reply = revoke_token("a");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), Error(Code::not_found, "no token \"a\""));
}

TEST_F(RpcCall, RunsTheHandlerOnTheServersExecutorAndTellsItThePeer) {
  std::atomic<bool> here = false;
  PeerIdentity peer;
  serve_revoke([&](CallContext context, RevokeTokenRequest request) {
    here = server_loop_.is_here();
    peer = context.peer;
    return accept(std::move(context), std::move(request));
  });
  ASSERT_TRUE(revoke_token("a"));
  EXPECT_TRUE(here);
  EXPECT_TRUE(peer.local) << peer.address;
  EXPECT_FALSE(peer.authenticated);
}

TEST_F(RpcCall, OfAnUnknownMethodIsUnimplemented) {
  serve();
  connect();
  const auto reply = revoke_token("a");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::unimplemented);
}

TEST_F(RpcCall, WithoutAServerIsUnavailable) {
  connect();
  const auto reply = revoke_token("a");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::unavailable);
}

TEST_F(RpcCall, WithBytesThatAreNoRequestIsRefusedBeforeTheHandler) {
  std::atomic<int> called = 0;
  serve_revoke([&](CallContext context, RevokeTokenRequest request) {
    ++called;
    return accept(std::move(context), std::move(request));
  });
  const auto reply = client_.run(call_bytes(*channel_, revoke().path(), "\xff\xff\xff", 10s));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::invalid_argument);
  EXPECT_EQ(called, 0);
}

TEST_F(RpcCall, OfAViewIsAnsweredOrRefusedAtOnce) {
  router_.view<RevokeTokenRequest, RevokeTokenReply>(
      revoke(), [](const CallContext& context, const RevokeTokenRequest& request) {
        EXPECT_TRUE(context.peer.local);
        if (request.id() == "a") return Result<RevokeTokenReply>(std::in_place);
        return Result<RevokeTokenReply>(fail(Code::not_found, "no token"));
      });
  serve();
  connect();
  EXPECT_TRUE(revoke_token("a"));
  const auto unknown = revoke_token("b");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), Error(Code::not_found, "no token"));
  const auto garbage = client_.run(call_bytes(*channel_, revoke().path(), "\xff\xff\xff", 10s));
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code(), Code::invalid_argument);
}

TEST_F(RpcCall, LargerThanTheLimitIsRefused) {
  serve_revoke(accept);
  EXPECT_TRUE(revoke_token(std::string(1'000'000, 'x')));
  const auto reply = revoke_token(std::string(1'100'000, 'x'));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::resource_exhausted);
}

/// A handler that waits until it is cancelled, and what a test sees of it.
struct Sleeper {
  std::atomic<int> started = 0;
  std::atomic<int> cancelled = 0;
  SystemClock clock;

  asio::awaitable<Result<RevokeTokenReply>> run(CallContext, RevokeTokenRequest) {
    ++started;
    if (!co_await clock.sleep_for(1h)) ++cancelled;
    co_return RevokeTokenReply();
  }
};

void wait_for(const std::atomic<int>& counter, int value) {
  for (int count = counter; count < value; count = counter) std::this_thread::yield();
}

TEST_F(RpcCall, BeyondItsDeadlineEndsAndCancelsTheHandler) {
  Sleeper sleeper;
  serve_revoke([&](CallContext context, RevokeTokenRequest request) {
    return sleeper.run(std::move(context), std::move(request));
  });
  const auto reply = revoke_token("a", 50ms);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::deadline_exceeded);
  wait_for(sleeper.cancelled, 1);
}

asio::awaitable<void> call_into(RpcClient& client, std::optional<Error>& error,
                                std::atomic<int>& ended) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto reply = co_await call(client, revoke(), request_for("a"), 1h);
  if (!reply) error = reply.error();
  ++ended;
}

// Rule 9 of the bridge.
TEST_F(RpcCall, WhoseCoroutineIsCancelledIsCancelledOnTheServer) {
  Sleeper sleeper;
  serve_revoke([&](CallContext context, RevokeTokenRequest request) {
    return sleeper.run(std::move(context), std::move(request));
  });
  asio::cancellation_signal stop;
  std::optional<Error> error;
  std::atomic<int> ended = 0;
  asio::co_spawn(client_.executor(), call_into(*channel_, error, ended),
                 asio::bind_cancellation_slot(stop.slot(), asio::detached));
  wait_for(sleeper.started, 1);
  asio::post(client_.executor(), [&] { stop.emit(asio::cancellation_type::terminal); });
  wait_for(sleeper.cancelled, 1);
  wait_for(ended, 1);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::cancelled);
}

TEST_F(RpcCall, BeyondTheServersLimitOfCallsIsRefused) {
  Sleeper sleeper;
  serve_revoke(
      [&](CallContext context, RevokeTokenRequest request) {
        return sleeper.run(std::move(context), std::move(request));
      },
      {.calls_max = 1});
  auto first = client_.start(call(*channel_, revoke(), request_for("a"), 10s));
  wait_for(sleeper.started, 1);
  const auto second = revoke_token("b");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::resource_exhausted);
  server_loop_.run(server_->stop());
  EXPECT_FALSE(first.get());
}

asio::awaitable<int> call_often(RpcClient& client, int times) {
  int good = 0;
  for (int i = 0; i < times; ++i) {
    if (co_await call(client, revoke(), request_for("a"), 30s)) ++good;
  }
  co_return good;
}

TEST_F(RpcCall, ManyAtOnceAllComeBack) {
  serve_revoke(accept);
  std::vector<std::future<int>> callers;
  callers.reserve(50);
  for (int i = 0; i < 50; ++i) callers.push_back(client_.start(call_often(*channel_, 10)));
  int good = 0;
  for (auto& caller : callers) good += caller.get();
  EXPECT_EQ(good, 500);
}

asio::awaitable<std::size_t> count(const RpcChannel& channel) { co_return channel.calls(); }

TEST_F(RpcCall, IsForgottenWhenItHasEnded) {
  serve_revoke(accept);
  ASSERT_TRUE(revoke_token("a"));
  client_.run(channel_->stop());
  EXPECT_EQ(client_.run(count(*channel_)), 0U);
}

}  // namespace
}  // namespace weir
