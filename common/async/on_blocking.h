#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

namespace weir {

/// Runs `work` (which may block: fsync, exec, getaddrinfo) on `pool` and resumes the caller on its
/// own executor with the result. `work` runs to its end even when the caller is cancelled.
template <typename T>
boost::asio::awaitable<T> on_blocking(boost::asio::thread_pool& pool, std::function<T()> work) {
  const auto run = [](std::function<T()> job) -> boost::asio::awaitable<T> { co_return job(); };
  co_return co_await boost::asio::co_spawn(pool, run(std::move(work)), boost::asio::use_awaitable);
}

}  // namespace weir
