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
/// Handlers are coroutines on the server's executor and live as long as the router. A handler whose
/// caller has gone, or whose server stops, is cancelled: its waits return `cancelled`, and it is
/// expected to return. What a handler refers to outlives the server. An exception out of a handler
/// aborts the process.
class RpcRouter {
 public:
  RpcRouter() = default;
  RpcRouter(const RpcRouter&) = delete;
  RpcRouter& operator=(const RpcRouter&) = delete;

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
    add_unary(method.path(),
              [handler = std::move(handler)](CallContext context, const std::string& bytes) {
                auto request = parsed<Request>(bytes);
                if (!request) return refuse(std::move(request).error());
                return serialised(handler(std::move(context), std::move(*request)));
              });
  }

  /// A call that is answered at once: its handler is no coroutine.
  template <typename Request, typename Reply>
  using View = std::function<Result<Reply>(const CallContext&, const Request&)>;
  template <typename Request, typename Reply>
  void view(const UnaryMethod<Request, Reply>& method, View<Request, Reply> handler) {
    add_view(method.path(),
             [handler = std::move(handler)](const CallContext& context,
                                            const std::string& bytes) -> Result<std::string> {
               const auto request = parsed<Request>(bytes);
               if (!request) return fail(request.error());
               const Result<Reply> reply = handler(context, *request);
               if (!reply) return fail(reply.error());
               return reply->SerializeAsString();
             });
  }

  template <typename Request, typename Reply>
  void server_stream(const ServerStreamMethod<Request, Reply>& method,
                     ServerStream<Request, Reply> handler) {
    add_server_stream(
        method.path(), [handler = std::move(handler)](CallContext context, const std::string& bytes,
                                                      std::shared_ptr<ControlStream> stream) {
          auto request = parsed<Request>(bytes);
          if (!request) return refuse_stream(std::move(request).error());
          return handler(std::move(context), std::move(*request),
                         std::make_shared<MessageStream<Request, Reply>>(std::move(stream)));
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

  /// What the error of a handler becomes on its way to the caller; without, what it is. Streams of
  /// both sides (`bidi`, `add`) say their own.
  void word_errors(std::function<Error(Error)> wording) { wording_ = std::move(wording); }

  /// A path may be added once.
  void add(std::string path, Handler handler);
  /// nullptr: no such method.
  const Handler* find(const std::string& path) const;

 private:
  // What the typed handlers become: bytes in, bytes out. One coroutine per kind of call carries
  // them, whatever the types of the method.
  using BytesUnary = std::function<boost::asio::awaitable<Result<std::string>>(
      CallContext, const std::string& request)>;
  using BytesView =
      std::function<Result<std::string>(const CallContext&, const std::string& request)>;
  using BytesStream = std::function<boost::asio::awaitable<Status>(
      CallContext, const std::string& request, std::shared_ptr<ControlStream>)>;

  void add_unary(std::string path, BytesUnary handler);
  void add_view(std::string path, BytesView handler);
  void add_server_stream(std::string path, BytesStream handler);

  static boost::asio::awaitable<Result<std::string>> refuse(Error why);
  static boost::asio::awaitable<Status> refuse_stream(Error why);
  static Error no_message(const google::protobuf::Descriptor* type);

  template <typename Request>
  static Result<Request> parsed(const std::string& bytes) {
    Result<Request> request(std::in_place);
    if (!request->ParseFromString(bytes)) return fail(no_message(Request::descriptor()));
    return request;
  }

  template <typename Reply>
  static boost::asio::awaitable<Result<std::string>> serialised(
      boost::asio::awaitable<Result<Reply>> handler) {
    const Result<Reply> reply = co_await std::move(handler);
    if (!reply) co_return fail(reply.error());
    co_return reply->SerializeAsString();
  }

  Error worded(Error error) const { return wording_ ? wording_(std::move(error)) : error; }

  std::map<std::string, Handler> handlers_;
  std::function<Error(Error)> wording_;
};

}  // namespace weir
