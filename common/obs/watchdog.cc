#include "common/obs/watchdog.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "common/base/assert.h"

namespace weir {

namespace {

struct Loop {
  Loop(std::string called, Watchdog::Post hands_over)
      : name(std::move(called)), post(std::move(hands_over)) {}
  const std::string name;
  const Watchdog::Post post;
  std::atomic<bool> asked = false;
  std::atomic<std::int64_t> asked_at{0};  // nanoseconds of Time
  std::atomic<std::int64_t> last{0};
  std::atomic<std::int64_t> worst{0};
  std::atomic<std::int64_t> untold{0};  // a lag that is still to be reported
};

}  // namespace

struct Watchdog::State : std::enable_shared_from_this<Watchdog::State> {
  State(Clock& source, Options given, OnLag report)
      : clock(source), options(given), on_lag(std::move(report)) {}

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      for (Loop& loop : loops) look_at(loop);
      if (round_told) round_told(silence());
      woken.wait_for(lock, options.interval, [this] { return stopping; });
    }
  }

  void look_at(Loop& loop) {
    const std::int64_t now = clock.now().time_since_epoch().count();
    const Duration lag(loop.untold.exchange(0));
    if (lag >= options.warn_after) on_lag(loop.name, lag);
    if (loop.asked) {
      const Duration silent(now - loop.asked_at);
      WEIR_ASSERT(silent < options.abort_after, "loop " + loop.name + " has not answered for " +
                                                    std::to_string(silent.count()) + " ns");
      return;
    }
    loop.asked_at = now;
    loop.asked = true;
    // A loop that takes no job is as silent as one that does not come to it.
    (void)loop.post([self = shared_from_this(), &loop] { self->answered(loop); });
  }

  Duration silence() const {
    const std::int64_t now = clock.now().time_since_epoch().count();
    Duration longest{0};
    for (const Loop& loop : loops) {
      if (loop.asked) longest = std::max(longest, Duration(now - loop.asked_at));
    }
    return longest;
  }

  void answered(Loop& loop) const {
    const std::int64_t lag = clock.now().time_since_epoch().count() - loop.asked_at;
    loop.last = lag;
    if (lag > loop.worst) loop.worst = lag;
    loop.untold = lag;
    loop.asked = false;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    woken.notify_all();
    if (thread.joinable()) thread.join();
  }

  Clock& clock;
  const Options options;
  const OnLag on_lag;
  OnRound round_told;      // fixed once started
  std::deque<Loop> loops;  // fixed once started
  std::mutex mutex;
  std::condition_variable woken;
  bool stopping = false;
  std::thread thread;
};

Watchdog::Watchdog(Clock& clock, Options options, OnLag on_lag)
    : state_(std::make_shared<State>(clock, options, std::move(on_lag))) {}

Watchdog::~Watchdog() { stop(); }

void Watchdog::watch(std::string loop, boost::asio::any_io_executor executor) {
  watch(std::move(loop), [executor = std::move(executor)](std::function<void()> job) {
    boost::asio::post(executor, std::move(job));
    return true;
  });
}

void Watchdog::watch(std::string loop, Post post) {
  state_->loops.emplace_back(std::move(loop), std::move(post));
}

void Watchdog::on_round(OnRound told) { state_->round_told = std::move(told); }

void Watchdog::stop() { state_->stop(); }

void Watchdog::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

std::vector<Watchdog::Lag> Watchdog::lags() const {
  std::vector<Lag> lags;
  for (const Loop& loop : state_->loops) {
    lags.push_back({loop.name, Duration(loop.last), Duration(loop.worst)});
  }
  return lags;
}

}  // namespace weir
