#include "controller/web/api_door.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"

namespace weir::controller {

namespace asio = boost::asio;

namespace {

MemoryStreamOptions calling(PeerIdentity::Visitor who) {
  MemoryStreamOptions options;
  options.client.address = "web";
  options.client.visitor = std::move(who);
  options.queue_bytes_max = 64 << 20;  // one reply, however large the mesh
  return options;
}

// co_spawn makes an empty value when its coroutine throws; a Result has none.
using Reply = std::optional<Result<std::string>>;

asio::awaitable<Reply> call_on_core(asio::any_io_executor core, const RpcRouter& router,
                                    std::string path, std::string request,
                                    PeerIdentity::Visitor who) {
  co_await asio::this_coro::throw_if_cancelled(false);
  MemoryClient client(core, router, calling(std::move(who)));
  co_return co_await call_bytes(client, std::move(path), std::move(request), {});
}

asio::awaitable<void> follow_on_core(asio::any_io_executor core, const RpcRouter& router,
                                     std::string path, PeerIdentity::Visitor who,
                                     asio::any_io_executor executor,
                                     std::function<void(std::string)> take) {
  co_await asio::this_coro::throw_if_cancelled(false);
  MemoryClient client(core, router, calling(std::move(who)));
  const auto stream = client.open(path, {});
  (void)stream->write("");
  stream->close();
  while (auto message = co_await stream->read()) {
    asio::post(executor, [take, text = *std::move(message)]() mutable { take(std::move(text)); });
  }
}

}  // namespace

asio::awaitable<Result<std::string>> ApiDoor::call(std::string path, std::string request,
                                                   PeerIdentity::Visitor who) {
  // The cancellation that use_awaitable carries is dispatched to the core executor by co_spawn.
  auto [problem, reply] = co_await asio::co_spawn(
      core_, call_on_core(core_, router_, std::move(path), std::move(request), std::move(who)),
      asio::as_tuple(asio::use_awaitable));
  if (problem || !reply) co_return fail(Code::cancelled, "the call was stopped");
  co_return *std::move(reply);
}

asio::awaitable<void> ApiDoor::follow(std::string path, PeerIdentity::Visitor who,
                                      asio::any_io_executor executor,
                                      std::function<void(std::string)> take) {
  co_await asio::co_spawn(core_,
                          follow_on_core(core_, router_, std::move(path), std::move(who),
                                         std::move(executor), std::move(take)),
                          asio::as_tuple(asio::use_awaitable));
}

}  // namespace weir::controller
