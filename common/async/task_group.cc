#include "common/async/task_group.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <list>
#include <utility>

#include "common/async/abort_on_exception.h"

namespace weir {

namespace asio = boost::asio;

struct TaskGroup::State {
  explicit State(const asio::any_io_executor& executor) : ended(executor) {
    ended.expires_at(asio::steady_timer::time_point::max());
  }
  std::list<asio::cancellation_signal> signals;  // one per running task
  asio::steady_timer ended;                      // cancelled when the last task ends
  bool stopping = false;
};

namespace {

/// Cancellation is a value everywhere in Weir: no wait throws because the task was stopped.
asio::awaitable<void> run_quietly(asio::awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : executor_(std::move(executor)), state_(std::make_shared<State>(executor_)) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string name, asio::awaitable<void> task) {
  if (state_->stopping) return;
  const auto signal = state_->signals.emplace(state_->signals.end());
  auto on_end = [state = state_, signal, name = std::move(name)](const std::exception_ptr& thrown) {
    if (thrown) abort_on_exception("a task does not throw", "task " + name, thrown);
    state->signals.erase(signal);
    if (state->signals.empty()) state->ended.cancel();
  };
  asio::co_spawn(executor_, run_quietly(std::move(task)),
                 asio::bind_cancellation_slot(signal->slot(), std::move(on_end)));
}

void TaskGroup::stop() {
  if (std::exchange(state_->stopping, true)) return;
  // From outside of the executor, co_spawn would defer each emission by itself, and a task that
  // ends before it would leave it with a dead signal. Inside, emissions happen at once.
  asio::dispatch(executor_, [state = state_] {
    // A task may end, and leave the list, while its signal is being emitted.
    for (auto it = state->signals.begin(); it != state->signals.end();) {
      auto& signal = *it++;
      signal.emit(asio::cancellation_type::terminal);
    }
  });
}

bool TaskGroup::stopping() const { return state_->stopping; }

std::size_t TaskGroup::size() const { return state_->signals.size(); }

asio::awaitable<void> TaskGroup::join() {
  const auto state = state_;  // the group may be destroyed right after the last task
  while (!state->signals.empty()) {
    co_await state->ended.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace weir
