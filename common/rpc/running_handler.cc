#include "common/rpc/running_handler.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "common/async/abort_on_exception.h"

namespace weir {

namespace asio = boost::asio;

namespace {

asio::awaitable<Status> run_quietly(asio::awaitable<Status> handler) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await std::move(handler);
}

}  // namespace

void RunningHandler::start(const asio::any_io_executor& executor, std::string path,
                           asio::awaitable<Status> handler, std::function<void(Status)> on_return) {
  running_ = true;
  auto on_end = [this, path = std::move(path), on_return = std::move(on_return)](
                    const std::exception_ptr& thrown, Status status) {
    if (thrown) abort_on_exception("a handler does not throw", path, thrown);
    running_ = false;
    on_return(std::move(status));
  };
  asio::co_spawn(executor, run_quietly(std::move(handler)),
                 asio::bind_cancellation_slot(signal_.slot(), std::move(on_end)));
}

void RunningHandler::cancel() {
  if (running_) signal_.emit(asio::cancellation_type::terminal);
}

}  // namespace weir
