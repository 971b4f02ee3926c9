#include "common/rpc/router.h"

#include <google/protobuf/descriptor.h>

#include "common/base/assert.h"

namespace weir {

namespace asio = boost::asio;

namespace {

constexpr const char* k_no_request = "the call carried no request";

}  // namespace

void RpcRouter::add(std::string path, Handler handler) {
  const auto [place, added] = handlers_.emplace(std::move(path), std::move(handler));
  WEIR_ASSERT(added, "two handlers for " + place->first);
}

const RpcRouter::Handler* RpcRouter::find(const std::string& path) const {
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? nullptr : &found->second;
}

void RpcRouter::add_unary(std::string path, BytesUnary handler) {
  add(std::move(path), [this, handler = std::make_shared<const BytesUnary>(std::move(handler))](
                           CallContext context, std::shared_ptr<ControlStream> stream) {
    return [](const RpcRouter& router, std::shared_ptr<const BytesUnary> answer, CallContext call,
              std::shared_ptr<ControlStream> from) -> asio::awaitable<Status> {
      const std::optional<std::string> request = co_await from->read();
      if (!request) co_return fail(Code::invalid_argument, k_no_request);
      Result<std::string> reply = co_await (*answer)(std::move(call), *request);
      if (!reply) co_return fail(router.worded(std::move(reply).error()));
      co_return from->write(*std::move(reply));
    }(*this, handler, std::move(context), std::move(stream));
  });
}

void RpcRouter::add_view(std::string path, BytesView handler) {
  add(std::move(path), [this, handler = std::make_shared<const BytesView>(std::move(handler))](
                           CallContext context, std::shared_ptr<ControlStream> stream) {
    return [](const RpcRouter& router, std::shared_ptr<const BytesView> answer, CallContext call,
              std::shared_ptr<ControlStream> from) -> asio::awaitable<Status> {
      const std::optional<std::string> request = co_await from->read();
      if (!request) co_return fail(Code::invalid_argument, k_no_request);
      Result<std::string> reply = (*answer)(call, *request);
      if (!reply) co_return fail(router.worded(std::move(reply).error()));
      co_return from->write(*std::move(reply));
    }(*this, handler, std::move(context), std::move(stream));
  });
}

void RpcRouter::add_server_stream(std::string path, BytesStream handler) {
  add(std::move(path), [this, handler = std::make_shared<const BytesStream>(std::move(handler))](
                           CallContext context, std::shared_ptr<ControlStream> stream) {
    return [](const RpcRouter& router, std::shared_ptr<const BytesStream> answer, CallContext call,
              std::shared_ptr<ControlStream> from) -> asio::awaitable<Status> {
      const std::optional<std::string> request = co_await from->read();
      if (!request) co_return fail(Code::invalid_argument, k_no_request);
      Status ended = co_await (*answer)(std::move(call), *request, std::move(from));
      if (!ended) co_return fail(router.worded(std::move(ended).error()));
      co_return ended;
    }(*this, handler, std::move(context), std::move(stream));
  });
}

asio::awaitable<Result<std::string>> RpcRouter::refuse(Error why) { co_return fail(why); }

asio::awaitable<Status> RpcRouter::refuse_stream(Error why) { co_return fail(why); }

Error RpcRouter::no_message(const google::protobuf::Descriptor* type) {
  return {Code::invalid_argument, "the request is no " + type->full_name()};
}

}  // namespace weir
