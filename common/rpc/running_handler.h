#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <string>

#include "common/base/result.h"

namespace weir {

/// A handler's coroutine and the means to cancel it. On one executor; outlives the coroutine, which
/// the owner ensures by keeping itself alive in `on_return`.
class RunningHandler {
 public:
  /// `on_return` is called once, with the handler's status. An exception aborts, naming `path`.
  void start(const boost::asio::any_io_executor& executor, std::string path,
             boost::asio::awaitable<Status> handler, std::function<void(Status)> on_return);

  /// Its waits return `cancelled`. Does nothing before `start` and after the return.
  void cancel();

 private:
  boost::asio::cancellation_signal signal_;
  bool running_ = false;
};

}  // namespace weir
