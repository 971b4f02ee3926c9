#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controller/store/store.h"

namespace weir::controller {

/// The watches of one store, shared by its adapters: who asked for what, and telling them.
///
/// Watches keep the hub alive, so a watch may outlive its store. Any thread; `publish` is called by
/// the adapter under its commit lock, which is what puts the calls in the order of commits.
/// Cost: publish O(watches x writes).
class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  std::unique_ptr<Watch> add(std::string prefix, Store::WatchCallback callback);
  void publish(std::uint64_t version, const Transaction& transaction);

 private:
  class Registration;
  struct Entry {
    std::string prefix;
    Store::WatchCallback callback;
  };

  std::mutex mu_;
  std::uint64_t next_ = 0;                  // guarded by mu_
  std::map<std::uint64_t, Entry> watches_;  // guarded by mu_
};

/// The condition a stored row (none: absent) fails, or success; the one place both adapters ask.
/// Errors: aborted.
Status check_condition(const Transaction::Compare& compare, const std::optional<Row>& row);

}  // namespace weir::controller
