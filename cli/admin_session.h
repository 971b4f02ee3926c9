#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cli/controller_address.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "common/async/clock.h"
#include "common/rpc/call.h"
#include "common/rpc/channel.h"

namespace weir::cli {

enum class Output { table, wide, json };

/// What every command knows: the options given before it, the terminal, the time, and the
/// controller, which is called when a command first asks. One thread; calls block.
class AdminSession {
 public:
  AdminSession(Terminal terminal, Clock& clock) : terminal_(terminal), clock_(clock) {}
  ~AdminSession();
  AdminSession(const AdminSession&) = delete;
  AdminSession& operator=(const AdminSession&) = delete;

  // Options, set while the command line is read.
  ControllerAddress address;
  Output output = Output::table;
  std::chrono::milliseconds deadline{10'000};

  void set_colour(bool colour) { terminal_.colour = colour; }

  const Terminal& terminal() const { return terminal_; }
  Clock& clock() const { return clock_; }
  std::int64_t now_ms() const { return to_unix_ms(clock_.wall_now()); }
  bool json() const { return output == Output::json; }
  bool wide() const { return output == Output::wide; }

  /// One call, within `deadline`. Errors: those of `call`.
  template <typename Request, typename Reply>
  Result<Reply> ask(const UnaryMethod<Request, Reply>& method, const Request& request) {
    auto client = connected();
    if (!client) return fail(std::move(client).error());
    return block_on(call(**client, method, request, deadline));
  }

  /// Every message of a stream until it ends, with its status.
  template <typename Request, typename Reply>
  Status watch(const ServerStreamMethod<Request, Reply>& method, const Request& request,
               const std::function<void(const Reply&)>& each) {
    auto client = connected();
    if (!client) return fail(std::move(client).error());
    return block_on(read_all<Request, Reply>(open(**client, method, request), each));
  }

  void sleep(Duration duration);

  /// Three lines on standard error: "weirctl: WHAT", why, what to do next. Returns the exit code.
  Exit fail_with(const std::string& what, const Error& why, const std::string& next = {}) const;
  Exit fail_with(Exit code, const std::string& what, const std::string& why,
                 const std::string& next) const;

  /// True when the operator agrees: `yes`, or an answer on a terminal. False and three lines on
  /// standard error otherwise.
  bool agree(const std::string& question, bool yes) const;

 private:
  Result<RpcClient*> connected();

  template <typename T>
  T block_on(boost::asio::awaitable<T> work) {
    auto future = boost::asio::co_spawn(context_, std::move(work), boost::asio::use_future);
    context_.restart();
    context_.run();
    return future.get();
  }

  template <typename Request, typename Reply>
  static boost::asio::awaitable<Status> read_all(MessageStream<Reply, Request> stream,
                                                 std::function<void(const Reply&)> each) {
    while (auto message = co_await stream.read()) each(*message);
    co_return co_await stream.closed();
  }

  Terminal terminal_;
  Clock& clock_;
  boost::asio::io_context context_{1};
  std::unique_ptr<RpcChannel> channel_;
};

}  // namespace weir::cli
