#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "controller/trace/otlp.h"

namespace weir::controller {

/// Traces that wait to be sent, at most so many spans of them. A full queue drops its oldest
/// traces, whole ones. Plain state; one thread, or a lock around it.
class SpanQueue {
 public:
  explicit SpanQueue(std::size_t spans_max) : spans_max_(spans_max) {}

  void add(TimedTrace trace);
  /// The oldest traces: at least one if there is any, and no more of them than have `spans`.
  std::vector<TimedTrace> take(std::size_t spans);

  std::size_t spans() const { return spans_; }
  /// Spans dropped so far.
  std::uint64_t dropped() const { return dropped_; }

 private:
  TimedTrace pop();

  const std::size_t spans_max_;
  std::deque<TimedTrace> traces_;
  std::size_t spans_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir::controller
