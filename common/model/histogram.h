#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace weir {

/// Latencies in buckets whose width grows with the value: relative error at most 1/16, mergeable,
/// fixed size. Bucket of v microseconds: below 16, v itself; above, 16 buckets per power of two
/// (the layout of HdrHistogram with one significant hex digit). Values above 2^36 us (19 hours)
/// count as that.
class LatencyHistogram {
 public:
  static constexpr std::size_t k_buckets = 16 * 33;

  static std::size_t bucket_of(std::uint64_t us);
  /// The smallest value of a bucket, in microseconds.
  static std::uint64_t lower_bound_us(std::size_t bucket);

  void record(std::chrono::nanoseconds latency);
  void add(std::size_t bucket, std::uint64_t count);  // bucket beyond the last: ignored
  void merge(const LatencyHistogram& other);
  void clear();

  std::uint64_t total() const { return total_; }
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }
  /// Of the buckets' middles; 0 when empty.
  double mean_us() const;
  /// The middle of the bucket in which this share of the values ends; 0 when empty.
  std::chrono::microseconds quantile(double share) const;

 private:
  std::array<std::uint64_t, k_buckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace weir
