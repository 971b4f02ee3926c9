#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>

#include "common/async/clock.h"

namespace weir {

/// Time that moves only when told to. Run on one `io_context`, one thread.
class SimClock final : public Clock {
 public:
  explicit SimClock(boost::asio::io_context& context) : context_(context) {}

  Time now() const override { return now_; }
  WallTime wall_now() const override { return WallTime(now_.time_since_epoch()) + wall_offset_; }
  boost::asio::awaitable<bool> sleep_until(Time when) override;

  /// Runs everything ready, then jumps from sleeper to sleeper until `duration` has passed.
  void advance(Duration duration);
  /// A jump of the wall clock alone.
  void shift_wall(Duration by) { wall_offset_ += by; }

 private:
  struct Sleeper;
  boost::asio::io_context& context_;
  std::multimap<Time, std::shared_ptr<Sleeper>> sleepers_;
  Time now_{std::chrono::hours(1)};
  Duration wall_offset_ = std::chrono::hours(24 * 365 * 50);
};

}  // namespace weir
