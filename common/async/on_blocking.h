#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <optional>
#include <utility>

namespace weir {

/// Runs `work` (which may block: fsync, exec, getaddrinfo) on `pool` and resumes the caller on its
/// own executor with the result. `work` runs to its end even when the caller is cancelled.
template <typename T>
boost::asio::awaitable<T> on_blocking(boost::asio::thread_pool& pool, std::function<T()> work) {
  // co_spawn makes an empty value when its coroutine throws; T itself need not have one.
  const auto run = [](std::function<T()> job) -> boost::asio::awaitable<std::optional<T>> {
    co_return job();
  };
  // Without the caller's cancellation: work that has not begun would else throw instead of run.
  auto to_the_end = boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                                        boost::asio::use_awaitable);
  std::optional<T> done =
      co_await boost::asio::co_spawn(pool, run(std::move(work)), std::move(to_the_end));
  co_return *std::move(done);
}

}  // namespace weir
