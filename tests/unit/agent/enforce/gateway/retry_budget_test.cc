#include "agent/enforce/gateway/retry_budget.h"

#include <gtest/gtest.h>

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

int taken(RetryBudget& budget, Time now) {
  int count = 0;
  while (count < 10000 && budget.take(now)) ++count;
  return count;
}

TEST(RetryBudget, LetsAQuietServiceRetryALittle) {
  RetryBudget budget;
  EXPECT_EQ(taken(budget, Time(seconds(5000))), 10);
}

TEST(RetryBudget, IsAFifthOfTheRequestsBesides) {
  RetryBudget budget;
  Time now(seconds(5000));
  for (int n = 0; n < 1000; ++n) budget.request(now += milliseconds(5));
  EXPECT_EQ(taken(budget, now), 210);
  EXPECT_FALSE(budget.take(now));
}

TEST(RetryBudget, ForgetsWhatIsOlderThanItsWindow) {
  RetryBudget budget;
  Time now(seconds(5000));
  for (int n = 0; n < 1000; ++n) budget.request(now);
  EXPECT_EQ(taken(budget, now), 210);
  EXPECT_EQ(taken(budget, now + seconds(9)), 0);
  EXPECT_EQ(taken(budget, now + seconds(10)), 10) << "the requests are gone as well";
  EXPECT_EQ(taken(budget, now + seconds(3600)), 10);
}

TEST(RetryBudget, HoldsWhenEveryRequestFailsForLong) {
  RetryBudget budget;
  Time now(seconds(5000));
  int retries = 0;
  for (int n = 0; n < 100'000; ++n) {
    budget.request(now += milliseconds(1));
    retries += budget.take(now) ? 1 : 0;
  }
  EXPECT_LE(retries, 20'200);
  EXPECT_GE(retries, 19'000);
}

}  // namespace
}  // namespace weir::agent
