#include "agent/enforce/gateway/retry_budget.h"

namespace weir::agent {

std::int64_t RetryBudget::number_at(Time now) {
  return now.time_since_epoch() / (k_window / static_cast<std::int64_t>(k_slices));
}

RetryBudget::Slice& RetryBudget::slice_at(Time now) {
  const std::int64_t number = number_at(now);
  Slice& slice = slices_[static_cast<std::size_t>(number) % k_slices];
  if (slice.number != number) slice = {number, 0, 0};
  return slice;
}

void RetryBudget::request(Time now) { ++slice_at(now).requests; }

bool RetryBudget::take(Time now) {
  Slice& here = slice_at(now);
  const std::int64_t oldest = number_at(now) - static_cast<std::int64_t>(k_slices) + 1;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  for (const Slice& slice : slices_) {
    if (slice.number < oldest) continue;
    requests += slice.requests;
    retries += slice.retries;
  }
  if (retries >= k_floor + requests * k_share_percent / 100) return false;
  ++here.retries;
  return true;
}

}  // namespace weir::agent
