#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "common/async/task_group.h"
#include "common/obs/http_status.h"
#include "common/obs/log.h"
#include "common/obs/watchdog.h"

namespace weir {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

TEST(Log, WritesOneLineThatOutsideTextCannotBreak) {
  EXPECT_EQ(Log::format_line(LogFormat::text, "health.changed",
                             {{"backend", "db"}, {"run", 3}, {"reason", "no\nroute \"x\""}}),
            "health.changed backend=db run=3 reason=\"no\\u000aroute \\\"x\\\"\"");
  EXPECT_EQ(Log::format_line(LogFormat::json, "a.b", {{"k", "v=\x1b"}}),
            R"("event":"a.b","k":"v=\u001b")");
  EXPECT_EQ(Log::format_line(LogFormat::text, "e", {{"empty", ""}}), "e empty=\"\"");
}

TEST(Log, WritesNeitherUpperControlsNorWhatIsNoUtf8) {
  EXPECT_EQ(Log::format_line(LogFormat::json, "a.b", {{"k", "\u009b\xff\u00e9"}}),
            "\"event\":\"a.b\",\"k\":\"\\u009b\\ufffd\u00e9\"");
  EXPECT_EQ(Log::format_line(LogFormat::text, "a.b", {{"k", "x\u009b"}}), "a.b k=\"x\\u009b\"");
}

TEST(Log, WritesFromTheLevelItIsSetTo) {
  Log log(LogLevel::warn);
  testing::internal::CaptureStderr();
  log.info("one");
  log.set_level(LogLevel::debug);
  EXPECT_EQ(log.level(), LogLevel::debug);
  log.debug("two");
  log.set_level(LogLevel::error);
  log.warn("three");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(written.find("one"), std::string::npos) << written;
  EXPECT_NE(written.find("two"), std::string::npos) << written;
  EXPECT_EQ(written.find("three"), std::string::npos) << written;
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    EXPECT_EQ(parse_log_level(log_level_name(level)), level);
  }
  EXPECT_EQ(parse_log_level("warning"), std::nullopt);
}

TEST(LogLimit, LetsABurstThroughThenOneASecond) {
  LogLimit limit(1, 3);
  Time now{};
  int written = 0;
  for (int i = 0; i < 1000; ++i, now += milliseconds(10)) written += limit.allow(now) ? 1 : 0;
  EXPECT_GE(written, 12);
  EXPECT_LE(written, 13);
}

class HttpStatusTest : public testing::Test {
 protected:
  HttpStatusTest() {
    metrics_.add([](MetricWriter& writer) { writer.gauge("weir_up", "Up.", 1); });
    EXPECT_TRUE(server_.listen(context_.get_executor(), *Endpoint::parse("127.0.0.1:0")));
    tasks_.spawn("http", server_.run());
    thread_ = std::thread([this] { context_.run(); });
  }
  ~HttpStatusTest() override {
    asio::post(context_, [this] { tasks_.stop(); });
    thread_.join();
  }

  std::string ask(const std::string& request) const {
    asio::io_context client;
    asio::ip::tcp::socket socket(client);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_.port()});
    // The server may have closed on what it read so far; then there is nothing left to say to it.
    boost::system::error_code end;
    asio::write(socket, asio::buffer(request), end);
    static_cast<void>(socket.shutdown(asio::ip::tcp::socket::shutdown_send, end));
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
  }

  asio::io_context context_;
  Metrics metrics_;
  std::string problem_;
  HttpStatus server_{metrics_, [this] { return problem_; }};
  TaskGroup tasks_{context_.get_executor()};
  std::thread thread_;
};

TEST_F(HttpStatusTest, ServesItsThreePagesAndNothingElse) {
  EXPECT_NE(ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").find("weir_up 1"), std::string::npos);
  EXPECT_NE(ask("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").find("200 OK"), std::string::npos);
  EXPECT_NE(ask("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").find("200 OK"), std::string::npos);
  EXPECT_NE(ask("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n").find("404"), std::string::npos);
  EXPECT_NE(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").find("405"),
            std::string::npos);
}

TEST_F(HttpStatusTest, ClosesOnGarbageAndOnOverlongHeads) {
  EXPECT_EQ(ask("\x16\x03\x01garbage\r\n\r\n"), "");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n"), "");
}

TEST_F(HttpStatusTest, OutlivesABodyThatArrivesCut) {
  const std::string head = "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"0\r\n\r", "0\r\nX", "5\r\nab", "zz\r\n"}) {
    ask(head + body);  // answered or closed, whichever
    EXPECT_NE(ask("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").find("200 OK"), std::string::npos);
  }
}

TEST_F(HttpStatusTest, SaysWhyItIsNotReady) {
  asio::post(context_, [this] { problem_ = "no revision yet"; });
  const std::string answer = ask("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(answer.find("503"), std::string::npos);
  EXPECT_NE(answer.find("no revision yet"), std::string::npos);
}

TEST(HttpStatus, RestsWhileThereIsNoDescriptorLeft) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "UBSan opens a pipe to look at an object's type, and there is none to be had";
#endif
#endif
  asio::io_context context;
  Metrics metrics;
  HttpStatus server(metrics, [] { return std::string(); });
  ASSERT_TRUE(server.listen(context.get_executor(), *Endpoint::parse("127.0.0.1:0")));
  TaskGroup tasks(context.get_executor());
  tasks.spawn("http", server.run());
  context.poll();
  asio::io_context others;
  asio::ip::tcp::socket client(others);
  client.connect({asio::ip::make_address("127.0.0.1"), server.port()});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  const rlimit none_left{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const std::size_t steps = context.run_for(milliseconds(350));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LT(steps, 60U) << "it tried again and again";
  tasks.stop();
  context.run_for(milliseconds(200));
  EXPECT_EQ(tasks.size(), 0U);
}

TEST(WatchdogDeathTest, AbortsWhenALoopNeverAnswers) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        asio::io_context silent;
        SystemClock clock;
        Watchdog watchdog(clock,
                          {.interval = milliseconds(5),
                           .warn_after = milliseconds(1),
                           .abort_after = milliseconds(20)},
                          [](const std::string&, Duration) {});
        watchdog.watch("core", silent.get_executor());
        watchdog.start();
        std::this_thread::sleep_for(std::chrono::seconds(30));
      },
      "loop core has not answered");
}

TEST(Watchdog, SeesALoopThatLags) {
  asio::io_context context;
  SystemClock clock;
  std::atomic<bool> lagged = false;
  {
    Watchdog watchdog(clock, {.interval = milliseconds(5), .warn_after = milliseconds(1)},
                      [&lagged](const std::string& loop, Duration) { lagged = loop == "core"; });
    watchdog.watch("core", context.get_executor());
    watchdog.start();
    // Blocks the loop until the watchdog has asked, and a little longer.
    asio::post(context, [] { std::this_thread::sleep_for(milliseconds(30)); });
    while (!lagged) context.run_for(milliseconds(5));
    EXPECT_GE(watchdog.lags()[0].worst, milliseconds(1));
  }
  EXPECT_TRUE(lagged);
}

TEST(WatchdogDeathTest, AbortsWhenALoopTakesNoJob) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        SystemClock clock;
        Watchdog watchdog(clock,
                          {.interval = milliseconds(5),
                           .warn_after = milliseconds(1),
                           .abort_after = milliseconds(20)},
                          [](const std::string&, Duration) {});
        watchdog.watch("paths", [](const std::function<void()>&) { return false; });
        watchdog.start();
        std::this_thread::sleep_for(std::chrono::seconds(30));
      },
      "loop paths has not answered");
}

TEST(Watchdog, WatchesALoopThatIsNoExecutorAndStops) {
  SystemClock clock;
  std::atomic<int> asked = 0;
  std::atomic<bool> told = false;
  Watchdog watchdog(clock, {.interval = milliseconds(1), .warn_after = milliseconds(0)},
                    [&](const std::string&, Duration) { told = true; });
  watchdog.watch("paths", [&asked](std::function<void()> job) {
    ++asked;
    job();
    return true;
  });
  watchdog.start();
  while (!told) std::this_thread::yield();
  watchdog.stop();
  watchdog.stop();
  const int before = asked;
  EXPECT_GT(before, 0);
  EXPECT_EQ(watchdog.lags()[0].loop, "paths");
  EXPECT_EQ(asked, before);
}

}  // namespace
}  // namespace weir
