#include "controller/store/metered_store.h"

#include <utility>

namespace weir::controller {

Result<std::uint64_t> MeteredStore::commit(const Transaction& transaction) {
  const Time begin = clock_.now();
  Result<std::uint64_t> done = store_->commit(transaction);
  const Duration took = clock_.now() - begin;
  const std::lock_guard lock(mu_);
  if (done) {
    ++counters_.committed;
    counters_.duration.record(took);
  } else if (done.error().code() == Code::aborted) {
    ++counters_.conflicts;
  } else if (done.error().code() == Code::unavailable) {
    ++counters_.failed;
  } else {
    ++counters_.refused;
  }
  return done;
}

MeteredStore::Counters MeteredStore::counters() const {
  const std::lock_guard lock(mu_);
  return counters_;
}

}  // namespace weir::controller
