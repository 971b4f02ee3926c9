#include "tests/doubles/sim_clock.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir {

namespace asio = boost::asio;

/// A timer that never fires by itself: `advance` wakes it.
struct SimClock::Sleeper {
  explicit Sleeper(const asio::any_io_executor& executor) : timer(executor) {
    timer.expires_at(asio::steady_timer::time_point::max());
  }
  asio::steady_timer timer;
  bool due = false;
};

asio::awaitable<bool> SimClock::sleep_until(Time when) {
  const auto executor = co_await asio::this_coro::executor;
  const auto sleeper = std::make_shared<Sleeper>(executor);
  const auto place = sleepers_.emplace(when, sleeper);
  co_await sleeper->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!sleeper->due) sleepers_.erase(place);
  co_return sleeper->due;
}

void SimClock::advance(Duration duration) {
  const Time until = now_ + duration;
  context_.restart();
  context_.poll();
  while (!sleepers_.empty() && sleepers_.begin()->first <= until) {
    const auto next = sleepers_.begin();
    now_ = std::max(now_, next->first);
    const auto sleeper = next->second;
    sleepers_.erase(next);
    sleeper->due = true;
    sleeper->timer.cancel();
    context_.restart();
    context_.poll();
  }
  now_ = until;
}

}  // namespace weir
