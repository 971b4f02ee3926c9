#include "controller/store/watch_hub.h"

#include <utility>

#include "common/base/text.h"

namespace weir::controller {

class WatchHub::Registration final : public Watch {
 public:
  Registration(std::shared_ptr<WatchHub> hub, std::uint64_t number)
      : hub_(std::move(hub)), number_(number) {}
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() override {
    const std::lock_guard lock(hub_->mu_);
    hub_->watches_.erase(number_);
  }

 private:
  const std::shared_ptr<WatchHub> hub_;
  const std::uint64_t number_;
};

std::unique_ptr<Watch> WatchHub::add(std::string prefix, Store::WatchCallback callback) {
  const std::lock_guard lock(mu_);
  const std::uint64_t number = next_++;
  watches_.emplace(number, Entry{std::move(prefix), std::move(callback)});
  return std::make_unique<Registration>(shared_from_this(), number);
}

void WatchHub::publish(std::uint64_t version, const Transaction& transaction) {
  const std::lock_guard lock(mu_);
  for (const auto& [number, watch] : watches_) {
    ChangeSet changes{version, {}};
    for (const Transaction::Write& write : transaction.writes()) {
      if (write.key.starts_with(watch.prefix)) changes.writes.push_back(write);
    }
    if (!changes.writes.empty()) watch.callback(changes);
  }
}

Status check_condition(const Transaction::Compare& compare, const std::optional<Row>& row) {
  const auto unmet = [&](const std::string& wanted) {
    return fail(Code::aborted, "store key " + in_quotes(compare.key) + " " + wanted +
                                   "; it was changed meanwhile, read it again");
  };
  switch (compare.condition) {
    case Transaction::Condition::absent:
      if (row) return unmet("exists already");
      break;
    case Transaction::Condition::version:
      if (!row) return unmet("is gone");
      if (row->version != compare.version) {
        return unmet("has version " + std::to_string(row->version) + ", not " +
                     std::to_string(compare.version));
      }
      break;
    case Transaction::Condition::value:
      if (!row) return unmet("is gone");
      if (row->value != compare.value) return unmet("has another value");
      break;
  }
  return {};
}

}  // namespace weir::controller
