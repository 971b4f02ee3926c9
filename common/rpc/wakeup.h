#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace weir {

/// Lets coroutines of one executor wait until something changed. A wait tells nothing but "look
/// again": the waiter checks its condition before and after.
class Wakeup {
 public:
  explicit Wakeup(const boost::asio::any_io_executor& executor);

  void notify() { timer_.cancel(); }

  /// Until the next `notify`. False when the waiting coroutine was cancelled, before or meanwhile.
  boost::asio::awaitable<bool> wait();
  /// Until the next `notify`, cancelled or not: for the end of what is being stopped.
  boost::asio::awaitable<void> wait_to_the_end();

 private:
  boost::asio::steady_timer timer_;  // never expires
};

}  // namespace weir
