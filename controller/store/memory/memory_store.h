#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controller/store/store.h"
#include "controller/store/watch_hub.h"

namespace weir::controller {

/// A Store in memory, for simulation, tests and trials: nothing survives the process.
/// Any thread; get O(log n), commit O(operations x log n).
class MemoryStore final : public Store {
 public:
  MemoryStore();

  Result<std::optional<Row>> get(std::string_view key) override;
  Result<ScanPage> scan(std::string_view prefix, std::string_view start_after,
                        std::size_t limit) override;
  Result<std::uint64_t> commit(const Transaction& transaction) override;
  std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) override;

 private:
  struct Held {
    std::string value;
    std::uint64_t version = 0;
  };
  std::optional<Row> find(std::string_view key) const;

  const std::shared_ptr<WatchHub> watches_;
  std::mutex mu_;
  std::uint64_t version_ = 0;                      // guarded by mu_
  std::map<std::string, Held, std::less<>> rows_;  // guarded by mu_
};

}  // namespace weir::controller
