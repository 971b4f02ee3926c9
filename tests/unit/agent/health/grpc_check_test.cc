#include "agent/health/grpc_check.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "common/async/task_group.h"
#include "common/rpc/server.h"
#include "grpc/health/v1/health.pb.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using std::chrono::milliseconds;
using std::chrono::seconds;

class GrpcCheckTest : public testing::Test {
 protected:
  GrpcCheckTest() {
    router_.unary<HealthCheckRequest, HealthCheckResponse>(
        method_,
        [this](const CallContext&, const HealthCheckRequest& request) { return answer(request); });
  }

  void serve() {
    server_.emplace(context_.get_executor(), router_);
    server_->listen_insecure({IpAddress::v4(0x7f000001), 0});
    ASSERT_TRUE(server_->start().has_value());
    endpoint_ = {IpAddress::v4(0x7f000001), server_->port()};
  }

  asio::awaitable<Result<HealthCheckResponse>> answer(HealthCheckRequest request) {
    if (silent_) co_await clock_.sleep_for(std::chrono::hours(1));
    if (request.service() != "shop.Web") co_return fail(Code::not_found, "unknown service");
    HealthCheckResponse response;
    response.set_status(status_);
    co_return response;
  }

  /// Runs `task` to its end.
  void run(asio::awaitable<void> task) {
    TaskGroup tasks(context_.get_executor());
    tasks.spawn("test", std::move(task));
    const Time give_up = clock_.now() + seconds(20);
    while (tasks.size() > 0 && clock_.now() < give_up) {
      context_.restart();
      context_.run_one_for(milliseconds(100));
    }
    ASSERT_EQ(tasks.size(), 0U);
  }

  /// Checks twice with one transport, as a checker does, and returns the second complaint.
  std::string complaint(const std::string& service, milliseconds timeout = seconds(10)) {
    HealthCheckSpec spec;
    spec.kind = HealthCheckSpec::Kind::grpc;
    spec.grpc_service = service;
    const auto check = make_grpc_check(spec, context_.get_executor(), clock_);
    std::string said;
    run([](CheckTransport& transport, Endpoint endpoint, milliseconds limit,
           std::string& out) -> asio::awaitable<void> {
      for (int i = 0; i < 2; ++i) {
        const Status status = co_await transport.check(endpoint, limit);
        out = status ? "healthy" : status.error().message();
      }
      co_await transport.stop();
    }(*check, endpoint_, timeout, said));
    return said;
  }

  void TearDown() override {
    if (server_) {
      run([](RpcServer& server) -> asio::awaitable<void> { co_await server.stop(); }(*server_));
    }
  }

  SystemClock clock_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> busy_{context_.get_executor()};
  const UnaryMethod<HealthCheckRequest, HealthCheckResponse> method_{"grpc.health.v1.Health.Check"};
  RpcRouter router_;
  std::optional<RpcServer> server_;
  Endpoint endpoint_{IpAddress::v4(0x7f000001), 1};
  bool silent_ = false;
  HealthCheckResponse::ServingStatus status_ = HealthCheckResponse::SERVING;
};

TEST_F(GrpcCheckTest, OnlyServingIsHealthy) {
  serve();
  EXPECT_EQ(complaint("shop.Web"), "healthy");
  status_ = HealthCheckResponse::NOT_SERVING;
  EXPECT_EQ(complaint("shop.Web"), "the server answers NOT_SERVING");
  EXPECT_EQ(complaint("shop.Api"), "the server does not know the service \"shop.Api\"");
}

TEST_F(GrpcCheckTest, ASilentServerIsGivenUpAtTheTimeout) {
  serve();
  silent_ = true;
  EXPECT_EQ(complaint("shop.Web", milliseconds(200)), "no answer within 200 ms");
}

TEST_F(GrpcCheckTest, NobodyThereIsNotHealthy) {
  EXPECT_NE(complaint("shop.Web", seconds(2)), "healthy");
}

}  // namespace
}  // namespace weir::agent
