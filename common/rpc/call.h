#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/rpc/control_stream.h"
#include "common/rpc/message_stream.h"
#include "common/rpc/method.h"

namespace weir {

/// One request, one reply, as bytes. Behind `call`.
boost::asio::awaitable<Result<std::string>> call_bytes(RpcClient& client, std::string path,
                                                       std::string request,
                                                       std::chrono::milliseconds timeout);

/// Calls a unary method. Cancelling the coroutine cancels the call on the server too.
/// `client` outlives the call; call from its executor.
/// Errors: whatever the handler returned; unavailable, deadline_exceeded, cancelled; data_loss (the
/// reply is not of the type).
template <typename Request, typename Reply>
boost::asio::awaitable<Result<Reply>> call(RpcClient& client,
                                           const UnaryMethod<Request, Reply>& method,
                                           Request request, std::chrono::milliseconds timeout) {
  auto bytes = co_await call_bytes(client, method.path(), request.SerializeAsString(), timeout);
  if (!bytes) co_return fail(std::move(bytes).error());
  Result<Reply> reply(std::in_place);
  if (!reply->ParseFromString(*bytes)) {
    co_return fail(Code::data_loss, "the answer is no " + Reply::descriptor()->full_name());
  }
  co_return reply;
}

/// Opens a stream from the server: `read()` its messages, then `closed()` for the status.
template <typename Request, typename Reply>
MessageStream<Reply, Request> open(RpcClient& client,
                                   const ServerStreamMethod<Request, Reply>& method,
                                   const Request& request, std::chrono::milliseconds timeout = {}) {
  std::shared_ptr<ControlStream> stream = client.open(method.path(), timeout);
  // A failure to queue is the call's status, which the reader sees.
  (void)stream->write(request.SerializeAsString());
  stream->close();
  return MessageStream<Reply, Request>(std::move(stream));
}

/// Opens a stream in both directions.
template <typename ClientMessage, typename ServerMessage>
MessageStream<ServerMessage, ClientMessage> open(
    RpcClient& client, const BidiMethod<ClientMessage, ServerMessage>& method,
    std::chrono::milliseconds timeout = {}) {
  return MessageStream<ServerMessage, ClientMessage>(client.open(method.path(), timeout));
}

}  // namespace weir
