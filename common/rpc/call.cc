#include "common/rpc/call.h"

namespace weir {

namespace asio = boost::asio;

asio::awaitable<Result<std::string>> call_bytes(RpcClient& client, std::string path,
                                                std::string request,
                                                std::chrono::milliseconds timeout) {
  const std::unique_ptr<ControlStream> stream = client.open(path, timeout);
  // A failure to queue is the call's status, read below.
  (void)stream->write(std::move(request));
  stream->close();
  std::optional<std::string> reply = co_await stream->read();
  if (reply && co_await stream->read()) {
    co_return fail(Code::internal, "the server sent a second reply to one request");
  }
  // Leaving destroys the stream, which cancels the call if this coroutine was cancelled.
  const Status ended = co_await stream->closed();
  if (!ended) co_return fail(ended.error());
  if (!reply) co_return fail(Code::data_loss, "the call ended well but without a reply");
  co_return std::move(*reply);
}

}  // namespace weir
