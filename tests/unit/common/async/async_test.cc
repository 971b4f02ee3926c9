#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include "common/async/backoff.h"
#include "common/async/bounded_queue.h"
#include "common/async/either.h"
#include "common/async/on_blocking.h"
#include "common/async/task_group.h"
#include "tests/doubles/sim_clock.h"

namespace weir {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

asio::awaitable<void> tick(Clock& clock, milliseconds every, std::vector<Time>& seen) {
  while (co_await clock.sleep_for(every)) seen.push_back(clock.now());
}

TEST(SimClock, WakesSleepersInTheOrderOfTime) {
  asio::io_context context;
  SimClock clock(context);
  TaskGroup tasks(context.get_executor());
  const Time start = clock.now();
  std::vector<Time> seen;
  tasks.spawn("slow", tick(clock, milliseconds(70), seen));
  tasks.spawn("fast", tick(clock, milliseconds(30), seen));
  clock.advance(milliseconds(100));
  EXPECT_EQ(seen, (std::vector<Time>{start + milliseconds(30), start + milliseconds(60),
                                     start + milliseconds(70), start + milliseconds(90)}));
  tasks.stop();
  clock.advance(milliseconds(0));
  EXPECT_EQ(tasks.size(), 0U);
}

TEST(TaskGroup, JoinsOnceEveryTaskHasSeenItsCancellation) {
  asio::io_context context;
  SystemClock clock;
  TaskGroup tasks(context.get_executor());
  std::vector<Time> seen;
  for (int i = 0; i < 5; ++i) tasks.spawn("task", tick(clock, milliseconds(1 + i), seen));
  bool joined = false;
  TaskGroup waiter(context.get_executor());
  waiter.spawn("join", [](TaskGroup& group, bool& done) -> asio::awaitable<void> {
    group.stop();
    co_await group.join();
    done = true;
  }(tasks, joined));
  context.run();
  EXPECT_TRUE(joined);
}

asio::awaitable<void> wait(Clock& clock, milliseconds how_long, bool& whole) {
  co_await asio::this_coro::throw_if_cancelled(false);
  whole = co_await clock.sleep_for(how_long);
}

struct Race {
  int winner = -1;
  bool first_whole = false;
};

asio::awaitable<void> race(Clock& clock, milliseconds first, milliseconds second, Race& result) {
  co_await asio::this_coro::throw_if_cancelled(false);
  result.winner = co_await either(wait(clock, first, result.first_whole), clock.sleep_for(second));
}

TEST(Either, TellsWhichEndedFirstAndEndsTheOther) {
  asio::io_context context;
  SimClock clock(context);
  TaskGroup tasks(context.get_executor());
  Race first;
  Race second;
  tasks.spawn("first", race(clock, milliseconds(5), milliseconds(90), first));
  tasks.spawn("second", race(clock, milliseconds(90), milliseconds(5), second));
  clock.advance(milliseconds(10));
  EXPECT_EQ(first.winner, 0);
  EXPECT_TRUE(first.first_whole);
  EXPECT_EQ(second.winner, 1);
  EXPECT_FALSE(second.first_whole);
  EXPECT_EQ(tasks.size(), 0U) << "nothing waits for the slower one";
}

TEST(Either, EndsBothWhenTheCallerIsCancelledEvenBeforeTheyBegan) {
  asio::io_context context;
  SimClock clock(context);
  for (const bool begun : {true, false}) {
    TaskGroup tasks(context.get_executor());
    Race result;
    tasks.spawn("race", race(clock, milliseconds(50), milliseconds(50), result));
    if (begun) clock.advance(milliseconds(1));
    tasks.stop();
    clock.advance(milliseconds(1));
    EXPECT_EQ(tasks.size(), 0U);
    EXPECT_FALSE(result.first_whole);
  }
}

TEST(TaskGroup, StopsFromOutsideATaskThatEndsBeforeItIsTold) {
  asio::io_context context;
  TaskGroup tasks(context.get_executor());
  BoundedQueue<int> queue(context.get_executor(), 1, WhenFull::refuse);
  tasks.spawn("reader",
              [](BoundedQueue<int>& from) -> asio::awaitable<void> { co_await from.pop(); }(queue));
  context.poll();
  queue.close();
  tasks.stop();
  context.restart();
  context.poll();
  EXPECT_EQ(tasks.size(), 0U);
}

TEST(TaskGroup, StartsNothingAfterStop) {
  asio::io_context context;
  SimClock clock(context);
  TaskGroup tasks(context.get_executor());
  tasks.stop();
  std::vector<Time> seen;
  tasks.spawn("late", tick(clock, milliseconds(1), seen));
  clock.advance(milliseconds(10));
  EXPECT_TRUE(seen.empty());
}

asio::awaitable<void> read_all(BoundedQueue<int>& queue, std::vector<int>& seen) {
  while (auto item = co_await queue.pop()) seen.push_back(*item);
}

TEST(BoundedQueue, DropsTheOldestAndCountsIt) {
  asio::io_context context;
  BoundedQueue<int> queue(context.get_executor(), 2, WhenFull::drop_oldest);
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(queue.push(i));
  queue.close();
  std::vector<int> seen;
  TaskGroup tasks(context.get_executor());
  tasks.spawn("reader", read_all(queue, seen));
  context.run();
  EXPECT_EQ(seen, (std::vector<int>{3, 4}));
  EXPECT_EQ(queue.lost(), 2U);
}

TEST(BoundedQueue, RefusesWhenFullAndWakesAWaitingReader) {
  asio::io_context context;
  BoundedQueue<int> queue(context.get_executor(), 1, WhenFull::refuse);
  std::vector<int> seen;
  TaskGroup tasks(context.get_executor());
  tasks.spawn("reader", read_all(queue, seen));
  context.poll();
  EXPECT_TRUE(queue.push(1));
  EXPECT_FALSE(queue.push(2));
  context.poll();
  EXPECT_EQ(seen, std::vector<int>{1});
  tasks.stop();
  context.restart();
  context.poll();
  EXPECT_EQ(tasks.size(), 0U);
}

TEST(Backoff, DoublesToItsCeilingWithinTheUpperHalf) {
  Backoff backoff(milliseconds(100), milliseconds(1000), Rng(1));
  for (const int ceiling : {100, 200, 400, 800, 1000, 1000}) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, milliseconds(ceiling / 2));
    EXPECT_LE(wait, milliseconds(ceiling));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(OnBlocking, RunsElsewhereAndResumesHere) {
  asio::io_context context;
  asio::thread_pool pool(1);
  TaskGroup tasks(context.get_executor());
  const auto here = std::this_thread::get_id();
  tasks.spawn("caller", [](asio::thread_pool& p, std::thread::id home) -> asio::awaitable<void> {
    std::function<std::thread::id()> work = [] { return std::this_thread::get_id(); };
    const auto ran_on = co_await on_blocking(p, std::move(work));
    EXPECT_TRUE(ran_on != home);
    EXPECT_TRUE(std::this_thread::get_id() == home);
  }(pool, here));
  context.run();
  pool.join();
}

}  // namespace
}  // namespace weir
