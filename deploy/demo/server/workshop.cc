#include "deploy/demo/server/workshop.h"

#include <algorithm>

namespace weir::server {

Workshop::Workshop(std::size_t workers, std::size_t queue_max) : queue_max_(queue_max) {
  for (std::size_t i = 0; i < std::max<std::size_t>(workers, 1); ++i) free_at_.push(Time{});
}

std::size_t Workshop::waiting(Time now) {
  while (!starts_.empty() && starts_.top() <= now) starts_.pop();
  return starts_.size();
}

std::optional<Time> Workshop::take(Time now, Duration needed) {
  if (waiting(now) >= queue_max_ && free_at_.top() > now) return std::nullopt;
  const Time start = std::max(now, free_at_.top());
  free_at_.pop();
  free_at_.push(start + needed);
  if (start > now) starts_.push(start);
  return start + needed;
}

}  // namespace weir::server
