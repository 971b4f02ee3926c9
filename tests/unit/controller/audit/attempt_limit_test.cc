#include "controller/audit/attempt_limit.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(AttemptLimit, LetsTenThroughAndThenOneEveryTenSeconds) {
  AttemptLimit limit;
  std::size_t written = 0;
  std::uint64_t left_out = 0;
  Time now{};
  for (; now < Time(seconds(1000)); now += milliseconds(100)) {
    if (const auto before = limit.admit(now)) {
      ++written;
      left_out += *before;
    }
  }
  EXPECT_GE(written, 108U);
  EXPECT_LE(written, 110U);
  now += seconds(20);
  left_out += limit.admit(now).value();
  EXPECT_EQ(written + 1 + left_out, 10'001U) << "none is forgotten";
}

TEST(AttemptLimit, RestsBackToTen) {
  AttemptLimit limit;
  for (int i = 0; i < 50; ++i) (void)limit.admit(Time());
  int written = 0;
  for (int i = 0; i < 50; ++i) written += limit.admit(Time(seconds(3600))).has_value();
  EXPECT_EQ(written, 10);
}

TEST(AttemptLimits, HoldForEachByHimself) {
  AttemptLimits limits;
  const Time now{};
  for (int i = 0; i < 20; ++i) limits.admit("guessing", now);
  EXPECT_FALSE(limits.admit("guessing", now));
  EXPECT_TRUE(limits.admit("ann", now));
}

TEST(AttemptLimits, RememberNoMoreThanSoMany) {
  AttemptLimits limits;
  const Time now{};
  for (int i = 0; i < 20; ++i) limits.admit("guessing", now);
  for (std::size_t i = 1; i < AttemptLimits::k_most; ++i) limits.admit(std::to_string(i), now);
  EXPECT_FALSE(limits.admit("guessing", now));
  limits.admit("one more", now);
  EXPECT_TRUE(limits.admit("guessing", now));
}

}  // namespace
}  // namespace weir::controller
