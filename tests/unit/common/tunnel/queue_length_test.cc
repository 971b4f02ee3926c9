#include "common/tunnel/queue_length.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t k_long = QueueLength::k_long;
constexpr std::uint32_t k_short = QueueLength::k_short;
constexpr std::size_t k_bulk = 60000;

const Time k_start = Time() + std::chrono::seconds(10);

TEST(QueueLength, FollowsWhatIsRead) {
  QueueLength queue(0);
  EXPECT_EQ(queue.present(), k_long);
  EXPECT_EQ(queue.read(64, 64 * 100, k_start), std::nullopt);
  EXPECT_EQ(queue.read(64, 64 * k_bulk, k_start), k_short);
  EXPECT_EQ(queue.present(), k_short);
  EXPECT_EQ(queue.read(64, 64 * k_bulk, k_start + milliseconds(200)), std::nullopt);
  EXPECT_EQ(queue.read(64, 64 * 1420, k_start + milliseconds(300)), k_long);
}

TEST(QueueLength, JudgesNoFewPackets) {
  QueueLength queue(0);
  for (int i = 0; i < 63; ++i) EXPECT_EQ(queue.read(1, k_bulk, k_start), std::nullopt);
  EXPECT_EQ(queue.read(1, k_bulk, k_start), k_short);
}

TEST(QueueLength, StaysWhereSizesAreMixed) {
  QueueLength queue(0);
  EXPECT_EQ(queue.read(64, 64 * 8000, k_start), std::nullopt);
  EXPECT_EQ(queue.read(64, 64 * k_bulk, k_start), k_short);
  EXPECT_EQ(queue.read(64, 64 * 8000, k_start + milliseconds(200)), std::nullopt);
  EXPECT_EQ(queue.present(), k_short);
}

TEST(QueueLength, RestsAfterAChange) {
  QueueLength queue(0);
  EXPECT_EQ(queue.read(64, 64 * k_bulk, k_start), k_short);
  EXPECT_EQ(queue.read(64, 64 * 100, k_start + milliseconds(99)), std::nullopt);
  EXPECT_EQ(queue.read(64, 64 * 100, k_start + milliseconds(100)), k_long);
}

TEST(QueueLength, LeavesWhatAnOperatorSet) {
  QueueLength fixed(20);
  EXPECT_EQ(fixed.present(), 20u);
  EXPECT_EQ(fixed.read(64, 64 * k_bulk, k_start), std::nullopt);

  QueueLength left(0);
  left.leave();
  EXPECT_EQ(left.read(64, 64 * k_bulk, k_start), std::nullopt);
}

}  // namespace
}  // namespace weir
