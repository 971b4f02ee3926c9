#include "agent/health/exec_check.h"

#include <boost/asio/this_coro.hpp>

#include "agent/health/child_process.h"
#include "agent/health/waiting.h"
#include "common/base/text.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

asio::awaitable<Status> wait_for(ChildProcess& child) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto ended = co_await child.wait();
  if (!ended) co_return fail(std::move(ended).error());
  if (ended->exit_code == 0) co_return Status();
  const std::string how = ended->exit_code > 0
                              ? "exit code " + std::to_string(ended->exit_code)
                              : "killed by signal " + std::to_string(-ended->exit_code);
  co_return fail(Code::failed_precondition,
                 ended->line.empty() ? how : how + ": " + in_quotes(ended->line));
}

}  // namespace

Result<std::filesystem::path> find_program(const std::vector<std::string>& argv,
                                           const std::filesystem::path& exec_dir) {
  const std::string name = argv.empty() ? std::string() : argv.front();
  const std::string what = "program " + in_quotes(name) + " is not run: ";
  if (exec_dir.empty()) {
    return fail(Code::permission_denied,
                what + "this agent has no health.exec_dir; set it to the folder of its checks");
  }
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (!plain) {
    return fail(Code::permission_denied, what + "it must be the name of a file in " +
                                             exec_dir.string() + ", without a slash");
  }
  return exec_dir / name;
}

asio::awaitable<Status> ExecCheck::check(const Endpoint& endpoint,
                                         std::chrono::milliseconds timeout) {
  std::vector<std::string> argv = argv_;
  argv.push_back(endpoint.to_string());
  auto child = ChildProcess::start(co_await asio::this_coro::executor, argv);
  if (!child) co_return fail(std::move(child).error());
  co_return co_await with_deadline(clock_, timeout, wait_for(*child));
}

}  // namespace weir::agent
