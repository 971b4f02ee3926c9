#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace weir {

/// The latest value of something, handed from its owner's thread to readers on any thread.
/// Values are immutable. `load` costs a short lock: once per batch, not per packet.
///
/// A mutex and not std::atomic<std::shared_ptr>: the load of libstdc++ 12 gives its lock back with
/// relaxed order, so that nothing orders a reader's look at the pointer before the next store.
template <typename T>
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const T> first = std::make_shared<const T>())
      : value_(std::move(first)) {}

  std::shared_ptr<const T> load() const {
    const std::lock_guard lock(mu_);
    return value_;
  }
  void store(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mu_);
    value_.swap(value);  // the old one dies after the lock is given back
  }

 private:
  mutable std::mutex mu_;
  std::shared_ptr<const T> value_;  // guarded by mu_
};

}  // namespace weir
