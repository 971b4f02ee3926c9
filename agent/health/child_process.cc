#include "agent/health/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "agent/health/waiting.h"
#include "common/async/either.h"
#include "common/base/text.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

constexpr std::size_t k_line_max = 200;

/// The settings of posix_spawn, freed at the end of the scope.
struct SpawnSettings {
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

Error cannot_start(const std::string& program, int problem) {
  Code code = Code::internal;
  if (problem == ENOENT) code = Code::not_found;
  if (problem == EACCES) code = Code::permission_denied;
  if (problem == EAGAIN || problem == EMFILE || problem == ENFILE) code = Code::resource_exhausted;
  return {code, "cannot start " + in_quotes(program) + ": " + std::strerror(problem)};
}

int exit_code_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

}  // namespace

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  std::string line(trim(text.substr(0, k_line_max)));
  for (char& letter : line) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return line;
}

Result<ChildProcess> ChildProcess::start(const asio::any_io_executor& executor,
                                         const std::vector<std::string>& argv) {
  if (argv.empty()) return fail(Code::invalid_argument, "a command needs at least its program");
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail(cannot_start(argv[0], errno));
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::array<char*, 2> environment{path.data(), nullptr};

  const SpawnSettings settings(pipe[1]);
  pid_t pid = 0;
  const int problem = ::posix_spawnp(&pid, arguments[0], &settings.actions, &settings.attributes,
                                     arguments.data(), environment.data());
  ::close(pipe[1]);
  if (problem != 0) {
    ::close(pipe[0]);
    return fail(cannot_start(argv[0], problem));
  }
  // Not by <sys/pidfd.h>: in glibc 2.36 its functions have C++ linkage.
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pid_fd < 0) {
    const Error error = cannot_start(argv[0], errno);
    ::close(pipe[0]);
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail(error);
  }
  return ChildProcess(executor, pid, pid_fd, pipe[0]);
}

ChildProcess::ChildProcess(const asio::any_io_executor& executor, pid_t pid, int pid_fd, int output)
    : pid_(pid), ended_(executor, pid_fd), output_(executor, output) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      ended_(std::move(other.ended_)),
      output_(std::move(other.output_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);
  // Not waited for here: a killed process may still take its time inside the kernel.
  auto pid_fd = std::make_shared<asio::posix::stream_descriptor>(std::move(ended_));
  pid_fd->async_wait(
      asio::posix::stream_descriptor::wait_read,
      [pid_fd, pid = pid_](const boost::system::error_code&) { ::waitpid(pid, nullptr, WNOHANG); });
}

asio::awaitable<Result<ChildProcess::Ended>> ChildProcess::wait() {
  std::string text;
  bool ended = false;
  const auto until_ended = [](asio::posix::stream_descriptor& process,
                              bool& has_ended) -> asio::awaitable<void> {
    const auto [problem] = co_await process.async_wait(asio::posix::stream_descriptor::wait_read,
                                                       asio::as_tuple(asio::use_awaitable));
    has_ended = !problem;
  };
  const auto read_for_ever = [](ChildProcess& me, std::string& out) -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await me.read_output(out);
  };
  const int first = co_await either(until_ended(ended_, ended), read_for_ever(*this, text));
  if (first != 0 || !ended) {
    co_return fail(Code::cancelled, "the check was stopped");
  }
  // What it wrote last may still be in the pipe.
  std::array<char, 512> buffer{};
  boost::system::error_code problem;
  output_.non_blocking(true, problem);
  while (!problem && text.size() < k_line_max) {
    const std::size_t size = output_.read_some(asio::buffer(buffer), problem);
    text.append(buffer.data(), size);
  }
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG);
  ::kill(-pid_, SIGKILL);  // what it left in the background
  pid_ = 0;
  co_return Ended{exit_code_of(info), first_line(text)};
}

/// Reads all output, so that the program is never stopped by a full pipe, and keeps its beginning.
/// Returns only when cancelled.
asio::awaitable<void> ChildProcess::read_output(std::string& text) {
  std::array<char, 512> buffer{};
  for (;;) {
    const auto [problem, size] =
        co_await output_.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (text.size() < k_line_max) text.append(buffer.data(), size);
    if (problem) break;
  }
  asio::steady_timer end(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  if (!co_await cancelled()) co_await wait_for_wake(end);
}

}  // namespace weir::agent
