#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>

#include "common/base/time.h"

namespace weir {

/// Where a module gets the time and waits for it; nothing else reads a clock or makes a timer.
/// May be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual WallTime wall_now() const = 0;
  /// Resumes on the caller's executor: true once `when` has come, false when cancelled first.
  virtual boost::asio::awaitable<bool> sleep_until(Time when) = 0;
  boost::asio::awaitable<bool> sleep_for(Duration duration) {
    return sleep_until(now() + duration);
  }
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Time now() const override;
  WallTime wall_now() const override;
  boost::asio::awaitable<bool> sleep_until(Time when) override;
};

/// Milliseconds since 1970, as protos and files carry wall time.
std::int64_t to_unix_ms(WallTime when);
WallTime from_unix_ms(std::int64_t ms);

}  // namespace weir
