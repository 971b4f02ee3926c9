#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/rpc/control_stream.h"
#include "common/rpc/message_stream.h"
#include "common/rpc/method.h"

namespace weir {

/// What a handler knows of the call beside its messages.
struct CallContext {
  std::string path;
  PeerIdentity peer;
};

/// Which handler answers which method. Knows no gRPC: an RpcServer serves it on sockets, a
/// MemoryClient in memory. Filled before it is served, constant afterwards.
///
/// Handlers are coroutines on the server's executor. A handler whose caller has gone, or whose
/// server stops, is cancelled: its waits return `cancelled`, and it is expected to return. What a
/// handler refers to outlives the server. An exception out of a handler aborts the process.
class RpcRouter {
 public:
  template <typename Request, typename Reply>
  using Unary = std::function<boost::asio::awaitable<Result<Reply>>(CallContext, Request)>;
  /// Writes through the stream until it returns the call's status; a `write` that fails means the
  /// caller has gone or was cut.
  template <typename Request, typename Reply>
  using ServerStream = std::function<boost::asio::awaitable<Status>(
      CallContext, Request, std::shared_ptr<MessageStream<Request, Reply>>)>;
  /// The stream may outlive the handler, but the call ends with the status it returns.
  template <typename ClientMessage, typename ServerMessage>
  using Bidi = std::function<boost::asio::awaitable<Status>(
      CallContext, std::shared_ptr<MessageStream<ClientMessage, ServerMessage>>)>;
  /// What all of them become.
  using Handler =
      std::function<boost::asio::awaitable<Status>(CallContext, std::shared_ptr<ControlStream>)>;

  template <typename Request, typename Reply>
  void unary(const UnaryMethod<Request, Reply>& method, Unary<Request, Reply> handler) {
    add(method.path(),
        [handler = std::move(handler)](CallContext context, std::shared_ptr<ControlStream> stream) {
          return answer<Request, Reply>(handler, std::move(context), std::move(stream));
        });
  }

  template <typename Request, typename Reply>
  void server_stream(const ServerStreamMethod<Request, Reply>& method,
                     ServerStream<Request, Reply> handler) {
    add(method.path(),
        [handler = std::move(handler)](CallContext context, std::shared_ptr<ControlStream> stream) {
          return answer_stream<Request, Reply>(handler, std::move(context), std::move(stream));
        });
  }

  template <typename ClientMessage, typename ServerMessage>
  void bidi(const BidiMethod<ClientMessage, ServerMessage>& method,
            Bidi<ClientMessage, ServerMessage> handler) {
    using Stream = MessageStream<ClientMessage, ServerMessage>;
    add(method.path(),
        [handler = std::move(handler)](CallContext context, std::shared_ptr<ControlStream> stream) {
          return handler(std::move(context), std::make_shared<Stream>(std::move(stream)));
        });
  }

  /// A path may be added once.
  void add(std::string path, Handler handler);
  /// nullptr: no such method.
  const Handler* find(const std::string& path) const;

 private:
  template <typename Request>
  static boost::asio::awaitable<Result<Request>> read_request(std::shared_ptr<ControlStream> from) {
    const std::optional<std::string> bytes = co_await from->read();
    if (!bytes) co_return fail(Code::invalid_argument, "the call carried no request");
    Result<Request> request(std::in_place);
    if (!request->ParseFromString(*bytes)) {
      co_return fail(Code::invalid_argument,
                     "the request is no " + Request::descriptor()->full_name());
    }
    co_return request;
  }

  template <typename Request, typename Reply>
  static boost::asio::awaitable<Status> answer(Unary<Request, Reply> handler, CallContext context,
                                               std::shared_ptr<ControlStream> stream) {
    auto request = co_await read_request<Request>(stream);
    if (!request) co_return fail(std::move(request).error());
    const auto reply = co_await handler(std::move(context), std::move(*request));
    if (!reply) co_return fail(reply.error());
    co_return stream->write(reply->SerializeAsString());
  }

  template <typename Request, typename Reply>
  static boost::asio::awaitable<Status> answer_stream(ServerStream<Request, Reply> handler,
                                                      CallContext context,
                                                      std::shared_ptr<ControlStream> stream) {
    auto request = co_await read_request<Request>(stream);
    if (!request) co_return fail(std::move(request).error());
    auto writer = std::make_shared<MessageStream<Request, Reply>>(std::move(stream));
    co_return co_await handler(std::move(context), std::move(*request), std::move(writer));
  }

  std::map<std::string, Handler> handlers_;
};

}  // namespace weir
