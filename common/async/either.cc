#include "common/async/either.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

namespace weir {

namespace asio = boost::asio;

asio::awaitable<int> either(asio::awaitable<void> first, asio::awaitable<void> second) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT
  const auto ended = co_await (std::move(first) || std::move(second));
  co_return static_cast<int>(ended.index());
}

namespace {

asio::awaitable<void> forget(asio::awaitable<bool> wait) {
  co_await asio::this_coro::throw_if_cancelled(false);  // may be cancelled before it has begun
  (void)co_await std::move(wait);
}

}  // namespace

asio::awaitable<int> either(asio::awaitable<void> first, asio::awaitable<bool> second) {
  return either(std::move(first), forget(std::move(second)));
}

}  // namespace weir
