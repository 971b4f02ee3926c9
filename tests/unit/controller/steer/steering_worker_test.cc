#include "controller/steer/steering_worker.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace weir::controller {
namespace {

constexpr std::chrono::seconds k_long{20};

std::future<void> add_promise(SteeringWorker& worker) {
  auto done = std::make_shared<std::promise<void>>();
  worker.add([done] { done->set_value(); });
  return done->get_future();
}

TEST(SteeringWorker, WorksInOrder) {
  SteeringWorker worker;
  auto order = std::make_shared<std::vector<int>>();
  for (int i = 0; i < 100; ++i) worker.add([order, i] { order->push_back(i); });
  ASSERT_EQ(add_promise(worker).wait_for(k_long), std::future_status::ready);
  ASSERT_EQ(order->size(), 100U);
  EXPECT_TRUE(std::is_sorted(order->begin(), order->end()));
}

TEST(SteeringWorker, LeavesWorkThatHangsBehindAndGoesOn) {
  SteeringWorker worker;
  auto begun = std::make_shared<std::promise<void>>();
  auto release = std::make_shared<std::promise<void>>();
  auto hung = std::make_shared<std::promise<void>>();
  worker.add([begun, hung, until = std::shared_future<void>(release->get_future())] {
    begun->set_value();
    until.wait();
    hung->set_value();
  });
  auto next = add_promise(worker);
  ASSERT_EQ(begun->get_future().wait_for(k_long), std::future_status::ready);
  EXPECT_EQ(worker.finished(), 0U);
  worker.leave_behind();
  ASSERT_EQ(next.wait_for(k_long), std::future_status::ready);
  release->set_value();
  ASSERT_EQ(hung->get_future().wait_for(k_long), std::future_status::ready);
}

TEST(SteeringWorker, EndsWithWorkWaiting) {
  for (int i = 0; i < 50; ++i) {
    SteeringWorker worker;
    for (int k = 0; k < 10; ++k) worker.add([] {});
  }
}

}  // namespace
}  // namespace weir::controller
