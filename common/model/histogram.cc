#include "common/model/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weir {

std::size_t LatencyHistogram::bucket_of(std::uint64_t us) {
  if (us < 16) return us;
  const int exponent = static_cast<int>(std::bit_width(us)) - 1;  // >= 4
  const auto bucket = static_cast<std::size_t>(exponent - 3) * 16 + ((us >> (exponent - 4)) & 15);
  return std::min(bucket, k_buckets - 1);
}

std::uint64_t LatencyHistogram::lower_bound_us(std::size_t bucket) {
  if (bucket < 16) return bucket;
  const std::size_t exponent = bucket / 16 + 3;
  return (16 + bucket % 16) << (exponent - 4);
}

void LatencyHistogram::record(std::chrono::nanoseconds latency) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  add(bucket_of(us < 0 ? 0 : static_cast<std::uint64_t>(us)), 1);
}

void LatencyHistogram::add(std::size_t bucket, std::uint64_t count) {
  if (bucket >= k_buckets) return;
  counts_[bucket] += count;
  total_ += count;
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t bucket = 0; bucket < k_buckets; ++bucket) add(bucket, other.counts_[bucket]);
}

void LatencyHistogram::clear() { *this = {}; }

double LatencyHistogram::mean_us() const {
  double sum = 0;
  for (std::size_t bucket = 0; bucket < k_buckets; ++bucket) {
    if (counts_[bucket] == 0) continue;
    const auto low = static_cast<double>(lower_bound_us(bucket));
    const auto high = static_cast<double>(lower_bound_us(bucket + 1));
    sum += static_cast<double>(counts_[bucket]) * (low + std::max(low, high)) / 2;
  }
  return total_ == 0 ? 0 : sum / static_cast<double>(total_);
}

std::chrono::microseconds LatencyHistogram::quantile(double share) const {
  if (total_ == 0) return std::chrono::microseconds(0);
  const auto wanted = static_cast<std::uint64_t>(
      std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  for (; bucket + 1 < k_buckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) break;
  }
  const std::uint64_t low = lower_bound_us(bucket);
  const std::uint64_t high = lower_bound_us(bucket + 1);
  return std::chrono::microseconds((low + high) / 2);
}

}  // namespace weir
