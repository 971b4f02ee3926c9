#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/async/clock.h"

namespace weir {

/// Asks every loop of the process for a sign of life and aborts when one stays silent.
///
/// Owns one thread. `on_lag` runs there, never on the loop that lags; it must only log or count.
class Watchdog {
 public:
  struct Options {
    std::chrono::milliseconds interval{100};
    std::chrono::milliseconds warn_after{50};
    std::chrono::milliseconds abort_after{10000};
  };
  using OnLag = std::function<void(const std::string& loop, Duration lag)>;

  /// After each round, on the watchdog's thread: how long the slowest loop has owed an answer.
  using OnRound = std::function<void(Duration silence)>;

  struct Lag {
    std::string loop;
    Duration last{0};
    Duration worst{0};
  };

  /// `clock` outlives it.
  Watchdog(Clock& clock, Options options, OnLag on_lag);
  /// Stops and joins.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Hands a short job to a loop that is no executor; false when it takes none now.
  using Post = std::function<bool(std::function<void()>)>;

  /// Before `start`. The executor outlives the watchdog, or `stop` comes first.
  void watch(std::string loop, boost::asio::any_io_executor executor);
  void watch(std::string loop, Post post);
  void on_round(OnRound told);
  void start();
  /// Asks nobody any more: loops may end from now on. Idempotent.
  void stop();
  /// Any thread.
  std::vector<Lag> lags() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
