#include "agent/health/waiting.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>

#include "common/async/either.h"

namespace weir::agent {

namespace asio = boost::asio;

asio::awaitable<bool> cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

asio::awaitable<void> wait_for_wake(asio::steady_timer& wake) {
  co_await wake.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> sleep_or_wake(Clock& clock, Time when, asio::steady_timer& wake) {
  co_await either(wait_for_wake(wake), clock.sleep_until(when));
}

namespace {

asio::awaitable<void> keep(asio::awaitable<Status> work, Status& result) {
  co_await asio::this_coro::throw_if_cancelled(false);  // may be cancelled before it has begun
  result = co_await std::move(work);
}

}  // namespace

asio::awaitable<Status> with_deadline(Clock& clock, std::chrono::milliseconds timeout,
                                      asio::awaitable<Status> work) {
  Status result = fail(Code::cancelled, "the check was stopped");
  bool slept = false;
  const auto sleep = [](Clock& time, Duration duration, bool& whole) -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    whole = co_await time.sleep_for(duration);
  };
  const int first = co_await either(keep(std::move(work), result), sleep(clock, timeout, slept));
  if (first == 0) co_return result;
  if (!slept) co_return fail(Code::cancelled, "the check was stopped");
  co_return fail(Code::deadline_exceeded,
                 "no answer within " + std::to_string(timeout.count()) + " ms");
}

}  // namespace weir::agent
