#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

namespace weir {

/// The coroutines a part of the program runs, so that they can be stopped and waited for together.
///
/// `stop` asks every task to end (Asio cancellation, which each wait returns as a value); `join`
/// returns when the last has ended. A task that ends with an exception aborts the process: nothing
/// in Weir ends that way on purpose. All calls on the executor's thread, except the constructor.
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);
  /// Every task must have ended: `stop()`, then `co_await join()` or run the executor dry.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task`. `name` appears in the abort message. Ignored after `stop()`.
  void spawn(std::string name, boost::asio::awaitable<void> task);

  /// Emits cancellation to every task; idempotent.
  void stop();
  bool stopping() const;
  std::size_t size() const;

  /// Resumes once no task is left.
  boost::asio::awaitable<void> join();

 private:
  struct State;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<State> state_;  // shared with the completion handlers
};

}  // namespace weir
