#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "common/os/fd.h"

namespace weir {

/// Waits on a thread of its own for the end of one interface: removed, or moved to another network
/// namespace. In between it runs short jobs of others, for a watchdog.
class LinkWatch {
 public:
  /// `on_gone` is called once, on the thread; it must not destroy the watch.
  static Result<std::unique_ptr<LinkWatch>> start(std::uint32_t interface_index,
                                                  std::function<void()> on_gone);
  /// Stops and joins.
  ~LinkWatch();
  LinkWatch(const LinkWatch&) = delete;
  LinkWatch& operator=(const LinkWatch&) = delete;

  /// Any thread. False when the interface is gone or `k_jobs_max` jobs are waiting.
  bool post(std::function<void()> job);

 private:
  static constexpr std::size_t k_jobs_max = 16;

  LinkWatch(std::uint32_t interface_index, std::function<void()> on_gone, Fd netlink, Fd wake);
  void run();
  bool is_there() const;
  /// The jobs that wait, at most k_jobs_max; nothing when it is to stop.
  bool take_jobs(std::vector<std::function<void()>>& jobs);

  const std::uint32_t interface_index_;
  const std::function<void()> on_gone_;
  const Fd netlink_;
  const Fd wake_;

  std::mutex mutex_;
  std::vector<std::function<void()>> jobs_;  // guarded by mutex_
  bool over_ = false;                        // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_

  std::thread thread_;  // last: starts when all else is there
};

}  // namespace weir
