#pragma once

#include <optional>
#include <queue>
#include <vector>

#include "common/base/time.h"

namespace weir::server {

/// Workers with a bounded queue before them, first come first served. Plain state: who comes is
/// told at once when he will be done.
class Workshop {
 public:
  Workshop(std::size_t workers, std::size_t queue_max);

  /// When work that takes `needed` and comes now is done; nothing: the queue is full. Calls come in
  /// the order of `now`.
  std::optional<Time> take(Time now, Duration needed);
  /// Those that wait for a worker.
  std::size_t waiting(Time now);

 private:
  using Times = std::priority_queue<Time, std::vector<Time>, std::greater<>>;

  const std::size_t queue_max_;
  Times free_at_;  // of each worker
  Times starts_;   // of those that were waiting
};

}  // namespace weir::server
