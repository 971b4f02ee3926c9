#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>

#include "common/async/clock.h"
#include "common/base/result.h"

namespace weir::agent {

/// True once the task that asks was told to end.
inline boost::asio::awaitable<bool> cancelled() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

inline boost::asio::awaitable<void> wait_for_wake(boost::asio::steady_timer& wake) {
  co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

/// Resumes at `when`, or when somebody cancels `wake`, or when the task is cancelled. Only on an
/// executor of one thread.
inline boost::asio::awaitable<void> sleep_or_wake(Clock& clock, Time when,
                                                  boost::asio::steady_timer& wake) {
  using namespace boost::asio::experimental::awaitable_operators;  // NOLINT
  co_await (clock.sleep_until(when) || wait_for_wake(wake));
}

/// `work`, ended after `timeout`. Only on an executor of one thread.
/// Errors: those of `work`; deadline_exceeded, cancelled.
inline boost::asio::awaitable<Status> with_deadline(Clock& clock, std::chrono::milliseconds timeout,
                                                    boost::asio::awaitable<Status> work) {
  using namespace boost::asio::experimental::awaitable_operators;  // NOLINT
  auto first = co_await (std::move(work) || clock.sleep_for(timeout));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  if (!std::get<1>(first)) co_return fail(Code::cancelled, "the check was stopped");
  co_return fail(Code::deadline_exceeded,
                 "no answer within " + std::to_string(timeout.count()) + " ms");
}

}  // namespace weir::agent
