#include "common/rpc/wakeup.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir {

namespace asio = boost::asio;

namespace {

asio::awaitable<bool> is_cancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

Wakeup::Wakeup(const asio::any_io_executor& executor)
    : timer_(executor, asio::steady_timer::time_point::max()) {}

asio::awaitable<bool> Wakeup::wait() {
  if (co_await is_cancelled()) co_return false;  // a signal before the wait would be missed by it
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return !co_await is_cancelled();
}

asio::awaitable<void> Wakeup::wait_to_the_end() {
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace weir
