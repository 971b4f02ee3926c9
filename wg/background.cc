#include "wg/background.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "common/os/os_error.h"

namespace weir::wg {
namespace {

/// What the child writes when all is well; anything else is a message for the operator.
constexpr std::string_view k_ready = "\n";

void write_all(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string read_all(const Fd& fd) {
  std::string text;
  std::array<char, 512> bytes;
  for (;;) {
    const ssize_t size = ::read(fd.get(), bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

[[noreturn]] void wait_for_child(const Fd& from_child) {
  const std::string answer = read_all(from_child);
  if (answer == k_ready) ::_exit(0);
  const std::string complaint =
      answer.empty() ? "the background process died before it was ready" : answer;
  std::fprintf(stderr, "weir-wg: %s\n", complaint.c_str());
  ::_exit(1);
}

void leave_terminal(bool keep_log) {
  ::setsid();
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing || ::chdir("/") < 0) return;
  ::dup2(nothing.get(), STDIN_FILENO);
  ::dup2(nothing.get(), STDOUT_FILENO);
  if (!keep_log) ::dup2(nothing.get(), STDERR_FILENO);
}

}  // namespace

void Readiness::ready() {
  if (to_parent_) write_all(to_parent_, k_ready);
  to_parent_.reset();
}

void Readiness::failed(const std::string& message) {
  if (to_parent_) {
    write_all(to_parent_, message);
  } else {
    std::fprintf(stderr, "weir-wg: %s\n", message.c_str());
  }
  to_parent_.reset();
}

Result<Readiness> continue_in_background(bool keep_log) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return fail(os_error("make a pipe", errno));
  Fd from_child(ends[0]);
  Fd to_parent(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return fail(os_error("start the background process", errno));
  if (child > 0) {
    to_parent.reset();
    wait_for_child(from_child);
  }
  leave_terminal(keep_log);
  return Readiness(std::move(to_parent));
}

}  // namespace weir::wg
