#include "common/async/clock.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir {

namespace asio = boost::asio;

Time SystemClock::now() const { return std::chrono::steady_clock::now(); }

WallTime SystemClock::wall_now() const { return std::chrono::system_clock::now(); }

asio::awaitable<bool> SystemClock::sleep_until(Time when) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  const auto [problem] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return !problem;
}

std::int64_t to_unix_ms(WallTime when) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
}

WallTime from_unix_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

}  // namespace weir
