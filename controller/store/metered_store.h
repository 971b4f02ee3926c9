#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "common/async/clock.h"
#include "common/model/histogram.h"
#include "controller/store/store.h"

namespace weir::controller {

/// A store that counts what another one is asked to commit. Any thread.
class MeteredStore final : public Store {
 public:
  struct Counters {
    std::uint64_t committed = 0;
    std::uint64_t conflicts = 0;  // a condition did not hold
    std::uint64_t refused = 0;    // a limit, or the disk is nearly full
    std::uint64_t failed = 0;     // the disk
    LatencyHistogram duration;    // of those committed
  };

  /// `clock` outlives it.
  MeteredStore(std::unique_ptr<Store> store, Clock& clock)
      : store_(std::move(store)), clock_(clock) {}

  Result<std::optional<Row>> get(std::string_view key) override { return store_->get(key); }
  Result<ScanPage> scan(std::string_view prefix, std::string_view start_after,
                        std::size_t limit) override {
    return store_->scan(prefix, start_after, limit);
  }
  Result<std::uint64_t> commit(const Transaction& transaction) override;
  Status writable() override { return store_->writable(); }
  std::optional<StoreRoom> room() override { return store_->room(); }
  Result<std::uint64_t> copy_to(const std::string& folder) override {
    return store_->copy_to(folder);
  }
  std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) override {
    return store_->watch(std::move(prefix), std::move(callback));
  }

  Counters counters() const;

 private:
  const std::unique_ptr<Store> store_;
  Clock& clock_;
  mutable std::mutex mu_;
  Counters counters_;  // guarded by mu_
};

}  // namespace weir::controller
