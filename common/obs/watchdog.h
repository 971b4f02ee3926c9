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
/// Owns one thread. `on_lag` runs there; it must only log or count.
class Watchdog {
 public:
  struct Options {
    std::chrono::milliseconds interval{100};
    std::chrono::milliseconds warn_after{50};
    std::chrono::milliseconds abort_after{10000};
  };
  using OnLag = std::function<void(const std::string& loop, Duration lag)>;

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

  /// Before `start`. The executor outlives the watchdog.
  void watch(std::string loop, boost::asio::any_io_executor executor);
  void start();
  /// Any thread.
  std::vector<Lag> lags() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
