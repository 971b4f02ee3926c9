#include "common/model/histogram.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir {
namespace {

using std::chrono::microseconds;

TEST(LatencyHistogram, PutsEveryValueWithinItsBucketsBounds) {
  Rng rng(5);
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t us = rng.next() >> (28 + rng.below(36));
    const std::size_t bucket = LatencyHistogram::bucket_of(us);
    ASSERT_LE(LatencyHistogram::lower_bound_us(bucket), us);
    if (bucket + 1 < LatencyHistogram::k_buckets) {
      ASSERT_GT(LatencyHistogram::lower_bound_us(bucket + 1), us);
    }
  }
}

TEST(LatencyHistogram, GivesQuantilesWithinASixteenth) {
  LatencyHistogram histogram;
  for (int ms = 1; ms <= 1000; ++ms) histogram.record(std::chrono::milliseconds(ms));
  for (const double share : {0.01, 0.5, 0.95, 0.99}) {
    const double wanted = share * 1e6;
    EXPECT_NEAR(static_cast<double>(histogram.quantile(share).count()), wanted, wanted / 16);
  }
  EXPECT_EQ(LatencyHistogram().quantile(0.5), microseconds(0));
}

TEST(LatencyHistogram, MergesAsIfAllHadBeenRecordedInOne) {
  Rng rng(9);
  LatencyHistogram one;
  LatencyHistogram two;
  LatencyHistogram all;
  for (int i = 0; i < 1000; ++i) {
    const auto latency = microseconds(rng.below(1'000'000));
    (i % 2 == 0 ? one : two).record(latency);
    all.record(latency);
  }
  one.merge(two);
  for (std::size_t b = 0; b < LatencyHistogram::k_buckets; ++b) {
    ASSERT_EQ(one.count(b), all.count(b));
  }
  EXPECT_EQ(one.total(), 1000U);
  one.add(LatencyHistogram::k_buckets, 5);  // a hostile report's bucket
  EXPECT_EQ(one.total(), 1000U);
}

}  // namespace
}  // namespace weir
