#include "agent/health/health_checker.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "agent/health/waiting.h"

namespace weir::agent {

namespace asio = boost::asio;

HealthChecker::HealthChecker(const asio::any_io_executor& executor, EndpointState state,
                             HealthMachine machine, std::chrono::milliseconds timeout,
                             std::shared_ptr<CheckTransport> transport, Clock& clock, Report report)
    : state_(std::move(state)),
      machine_(std::move(machine)),
      timeout_(timeout),
      transport_(std::move(transport)),
      clock_(clock),
      report_(std::move(report)),
      wake_(executor, asio::steady_timer::time_point::max()) {}

asio::awaitable<void> HealthChecker::run(std::shared_ptr<HealthChecker> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  HealthChecker& me = *self;
  while (!me.stopped_ && !co_await cancelled()) {
    if (me.clock_.now() < me.machine_.next_check()) {
      co_await sleep_or_wake(me.clock_, me.machine_.next_check(), me.wake_);
      continue;  // why it woke is seen above
    }
    const Status checked = co_await me.transport_->check(me.state_.endpoint, me.timeout_);
    if (me.stopped_ || (!checked && checked.error().code() == Code::cancelled)) break;
    me.take(checked);
  }
}

void HealthChecker::stop() {
  stopped_ = true;
  wake_.cancel();
}

void HealthChecker::take(const Status& checked) {
  const auto news = machine_.on_result(checked.has_value(), clock_.now());
  std::string reason = checked ? "check passed" : checked.error().message();
  if (news) {
    change(*news, std::move(reason));
  } else if (!checked && !machine_.healthy()) {
    state_.reason = std::move(reason);  // the latest cause is the one worth reading
  }
}

void HealthChecker::report_failure(std::string reason) {
  const auto news = machine_.on_broken_request(clock_.now());
  wake_.cancel();
  if (news) change(*news, std::move(reason));
}

void HealthChecker::change(bool healthy, std::string reason) {
  state_.healthy = healthy;
  state_.reason = std::move(reason);
  state_.since_unix_ms = to_unix_ms(clock_.wall_now());
  report_(state_);
}

}  // namespace weir::agent
