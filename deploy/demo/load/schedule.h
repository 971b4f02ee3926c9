#pragma once

#include <cstdint>

#include "common/base/time.h"

namespace weir::load {

/// When each request of a fixed rate is due, whatever became of the earlier ones (open loop).
///
/// Latencies are counted from the due time, so a stall of the system under test is seen by every
/// request that should have been sent in it. Only when this process itself did not run for
/// `k_own_stall` (it was stopped, not the system) are the missed ones skipped, and counted. Pure.
class Schedule {
 public:
  static constexpr Duration k_own_stall = std::chrono::seconds(1);

  /// `per_second` > 0.
  Schedule(Time start, double per_second);

  Time start() const { return start_; }
  /// When to wake next.
  Time next_due() const { return due_of(next_); }
  /// True when a request is due at `now`; then `due` is its time. Called until it returns false.
  bool take(Time now, Time& due);
  std::uint64_t skipped() const { return skipped_; }

 private:
  Time due_of(std::uint64_t number) const;

  Time start_;
  double gap_ns_;
  std::uint64_t next_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace weir::load
