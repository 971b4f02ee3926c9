#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace weir {

/// What a full queue does with one more item.
enum class WhenFull { drop_oldest, refuse };

/// A queue between tasks of one executor, never longer than its limit, with its losses counted.
/// One reader. All calls on the executor's thread.
template <typename T>
class BoundedQueue {
 public:
  BoundedQueue(const boost::asio::any_io_executor& executor, std::size_t limit, WhenFull when_full)
      : arrived_(executor), limit_(limit), when_full_(when_full) {
    arrived_.expires_at(boost::asio::steady_timer::time_point::max());
  }

  /// False when the queue is full and refuses, or closed. With `drop_oldest` the oldest goes.
  bool push(T item) {
    if (closed_) return false;
    if (items_.size() >= limit_) {
      ++lost_;
      if (when_full_ == WhenFull::refuse) return false;
      items_.pop_front();
    }
    items_.push_back(std::move(item));
    arrived_.cancel();
    return true;
  }

  /// The next item; nullopt when cancelled, or closed and empty.
  boost::asio::awaitable<std::optional<T>> pop() {
    while (items_.empty()) {
      if (closed_) co_return std::nullopt;
      co_await arrived_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      const auto cancelled = (co_await boost::asio::this_coro::cancellation_state).cancelled();
      if (cancelled != boost::asio::cancellation_type::none) co_return std::nullopt;
    }
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    co_return item;
  }

  /// No more items come; the reader gets what is there, then nullopt.
  void close() {
    closed_ = true;
    arrived_.cancel();
  }

  std::size_t size() const { return items_.size(); }
  /// Items dropped or refused so far.
  std::uint64_t lost() const { return lost_; }

 private:
  boost::asio::steady_timer arrived_;
  std::deque<T> items_;
  const std::size_t limit_;
  const WhenFull when_full_;
  std::uint64_t lost_ = 0;
  bool closed_ = false;
};

}  // namespace weir
