#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "common/rpc/server.h"
#include "tests/doubles/loop.h"
#include "tests/unit/cli/fake_admin.h"

namespace weir::cli {

/// It is 2026-01-01T12:00:00Z, and a sleep passes at once.
class StoryClock final : public Clock {
 public:
  Time now() const override { return now_; }
  WallTime wall_now() const override { return from_unix_ms(k_noon_ms) + now_.time_since_epoch(); }
  boost::asio::awaitable<bool> sleep_until(Time when) override {
    now_ = std::max(now_, when);
    co_return true;
  }
  static constexpr std::int64_t k_noon_ms = 1'767'268'800'000;

 private:
  Time now_{};
};

struct Outcome {
  int exit = -1;
  std::string out;
  std::string err;
};

/// Whole command lines against a fake controller on a real socket.
class CliTest : public testing::Test {
 protected:
  CliTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-cli-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    socket_ = folder_ + "/admin.sock";
    admin_.fill(router_);
    server_ = std::make_unique<RpcServer>(loop_.executor(), router_);
    server_->listen_unix(socket_);
    const Status started = server_->start();
    EXPECT_TRUE(started) << started.error().message();
  }
  ~CliTest() override {
    if (server_) loop_.run(server_->stop());
    std::filesystem::remove_all(folder_);
  }

  void stop_controller() {
    loop_.run(server_->stop());
    server_.reset();
  }

  Outcome weirctl(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in(answer_);
    StoryClock clock;
    const Terminal terminal{
        .out = out, .err = err, .in = in, .in_is_tty = in_is_tty_, .out_is_tty = out_is_tty_};
    Outcome run;
    Environment environment = environment_;
    if (environment.context_file.empty()) environment.address.socket = socket_;
    run.exit = run_command_line(arguments, terminal, clock, environment);
    run.out = out.str();
    run.err = err.str();
    return run;
  }

  std::string folder_;
  std::string socket_;
  std::string answer_;       // typed by the operator
  Environment environment_;  // with a file of contexts, WEIR_SOCKET is not set
  bool in_is_tty_ = false;
  bool out_is_tty_ = false;
  FakeAdmin admin_;
  RpcRouter router_;
  Loop loop_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace weir::cli
