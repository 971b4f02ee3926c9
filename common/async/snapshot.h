#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace weir {

/// The latest value of something, handed from its owner's thread to readers on any thread.
/// Values are immutable. `load` costs a short lock inside libstdc++: once per batch, not per
/// packet.
template <typename T>
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const T> first = std::make_shared<const T>())
      : value_(std::move(first)) {}

  std::shared_ptr<const T> load() const { return value_.load(std::memory_order_acquire); }
  void store(std::shared_ptr<const T> value) {
    value_.store(std::move(value), std::memory_order_release);
  }

 private:
  std::atomic<std::shared_ptr<const T>> value_;
};

}  // namespace weir
