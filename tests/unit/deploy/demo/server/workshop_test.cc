#include "deploy/demo/server/workshop.h"

#include <gtest/gtest.h>

namespace weir::server {
namespace {

using std::chrono::milliseconds;

const Time k_start{std::chrono::hours(1)};
constexpr milliseconds k_work{40};

TEST(Workshop, ServesAsManyAtATimeAsItHasWorkersAndTheRestInTurn) {
  Workshop shop(2, 10);
  EXPECT_EQ(shop.take(k_start, k_work), k_start + k_work);
  EXPECT_EQ(shop.take(k_start, k_work), k_start + k_work);
  EXPECT_EQ(shop.take(k_start, k_work), k_start + 2 * k_work);
  EXPECT_EQ(shop.waiting(k_start), 1U);
  EXPECT_EQ(shop.waiting(k_start + k_work), 0U);
  EXPECT_EQ(shop.take(k_start + 3 * k_work, k_work), k_start + 4 * k_work);
}

TEST(Workshop, RefusesWhatItsQueueDoesNotHold) {
  Workshop shop(1, 2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(shop.take(k_start, k_work));
  EXPECT_FALSE(shop.take(k_start, k_work));
  EXPECT_TRUE(shop.take(k_start + k_work, k_work)) << "one was begun";
  Workshop no_queue(1, 0);
  EXPECT_TRUE(no_queue.take(k_start, k_work));
  EXPECT_FALSE(no_queue.take(k_start, k_work));
  EXPECT_TRUE(no_queue.take(k_start + k_work, k_work));
}

}  // namespace
}  // namespace weir::server
