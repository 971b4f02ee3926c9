#include "controller/api/admin_service.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/text.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"
#include "tests/unit/controller/api/answering_backend.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = admin::v1;

template <typename Request, typename Reply>
Code code_of_call(const char* name, const Error& why) {
  asio::io_context context;
  SystemClock clock;
  AnsweringBackend backend;
  backend.fails = why;
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
