#include "controller/trace/span_queue.h"

#include <utility>

namespace weir::controller {

void SpanQueue::add(TimedTrace trace) {
  spans_ += trace.trace.spans.size();
  traces_.push_back(std::move(trace));
  while (spans_ > spans_max_) dropped_ += pop().trace.spans.size();
}

std::vector<TimedTrace> SpanQueue::take(std::size_t spans) {
  std::vector<TimedTrace> taken;
  std::size_t count = 0;
  while (!traces_.empty()) {
    count += traces_.front().trace.spans.size();
    if (!taken.empty() && count > spans) break;
    taken.push_back(pop());
  }
  return taken;
}

TimedTrace SpanQueue::pop() {
  TimedTrace oldest = std::move(traces_.front());
  traces_.pop_front();
  spans_ -= oldest.trace.spans.size();
  return oldest;
}

}  // namespace weir::controller
