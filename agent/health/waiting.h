#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "common/async/clock.h"
#include "common/base/result.h"

namespace weir::agent {

/// True once the task that asks was told to end.
boost::asio::awaitable<bool> cancelled();

boost::asio::awaitable<void> wait_for_wake(boost::asio::steady_timer& wake);

/// Resumes at `when`, or when somebody cancels `wake`, or when the task is cancelled. Only on an
/// executor of one thread.
boost::asio::awaitable<void> sleep_or_wake(Clock& clock, Time when,
                                           boost::asio::steady_timer& wake);

/// `work`, ended after `timeout`. Only on an executor of one thread.
/// Errors: those of `work`; deadline_exceeded, cancelled.
boost::asio::awaitable<Status> with_deadline(Clock& clock, std::chrono::milliseconds timeout,
                                             boost::asio::awaitable<Status> work);

}  // namespace weir::agent
