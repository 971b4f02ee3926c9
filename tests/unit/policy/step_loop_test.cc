#include "policy/step_loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "controller/catalog/policies.h"
#include "tests/unit/policy/lines.h"

namespace weir::policy {
namespace {

/// A running loop: what is written to `in` is answered at `out`.
class Loop : public testing::Test {
 protected:
  Loop() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    here_ = pair[0];
    there_ = pair[1];
    thread_ = std::thread([this] {
      const controller::PolicyCatalog catalog = controller::all_policies();
      StepSession session(*catalog.find("static"), {}, "0");
      done_ = run_steps(session, there_, there_);
      failed_ = session.failed();
      ::shutdown(there_, SHUT_WR);
    });
  }
  ~Loop() override {
    ::close(here_);
    if (thread_.joinable()) thread_.join();
    ::close(there_);
  }

  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(here_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::string hear() {
    std::string line;
    char byte = 0;
    while (::read(here_, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
  }
  void end_of_input() { ::shutdown(here_, SHUT_WR); }

  int here_ = -1;
  int there_ = -1;
  std::thread thread_;
  Status done_;
  bool failed_ = false;
};

TEST_F(Loop, AnswersALineBeforeTheNextOneComes) {
  say(std::string(k_init) + "\n");
  EXPECT_EQ(json(hear()).at("type"), "ready");
  const std::string line = std::string(k_observe) + "\n";
  say(line.substr(0, 100));
  say(line.substr(100));
  EXPECT_EQ(json(hear()).at("type"), "weights");
}

TEST_F(Loop, TakesALastLineWithoutAnEnd) {
  say(k_init);
  end_of_input();
  EXPECT_EQ(json(hear()).at("type"), "ready");
  thread_.join();
  EXPECT_TRUE(done_.has_value());
  EXPECT_FALSE(failed_);
}

TEST_F(Loop, RefusesALineAboveTheLimitAndGoesOn) {
  const std::string megabyte(1U << 20U, 'x');
  for (int i = 0; i < 9; ++i) say(megabyte);
  say("\n" + std::string(k_init) + "\n");
  const boost::json::value refused = json(hear());
  EXPECT_EQ(refused.at("type"), "error");
  EXPECT_EQ(refused.at("line").as_int64(), 1);
  EXPECT_EQ(json(hear()).at("type"), "ready");
  end_of_input();
  thread_.join();
  EXPECT_TRUE(failed_);
}

TEST(RunSteps, SaysWhenItCannotWrite) {
  const controller::PolicyCatalog catalog = controller::all_policies();
  StepSession session(*catalog.find("static"), {}, "0");
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ASSERT_EQ(::write(pipe[1], "x\n", 2), 2);
  ::close(pipe[1]);
  const int full = ::open("/dev/full", O_WRONLY);
  const Status done = run_steps(session, pipe[0], full);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code(), Code::unavailable);
  ::close(pipe[0]);
  ::close(full);
}

}  // namespace
}  // namespace weir::policy
