#include "common/os/supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/os/fd.h"

namespace weir {
namespace {

std::string take(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

long long number(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

/// A status is one line.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line;
}

}  // namespace

Supervisor Supervisor::from_environment() {
  const std::string socket = take("NOTIFY_SOCKET");
  const long long microseconds = number(take("WATCHDOG_USEC"));
  const std::string watched = take("WATCHDOG_PID");
  const bool ours = watched.empty() || number(watched) == ::getpid();
  return {socket, std::chrono::microseconds(ours && microseconds > 0 ? microseconds : 0)};
}

Supervisor::Supervisor(std::string socket, Duration watchdog) : socket_(std::move(socket)) {
  const bool usable = socket_.size() > 1 && (socket_[0] == '/' || socket_[0] == '@') &&
                      socket_.size() < sizeof(sockaddr_un::sun_path);
  if (!usable) socket_.clear();
  if (usable && watchdog > Duration(0)) life_.emplace(watchdog);
}

void Supervisor::ready(std::string_view status) {
  told_ = one_line(status);
  tell("READY=1\nSTATUS=" + told_ + "\nMAINPID=" + std::to_string(::getpid()));
}

void Supervisor::status(std::string_view status) {
  std::string line = one_line(status);
  if (line == told_) return;
  told_ = std::move(line);
  tell("STATUS=" + told_);
}

void Supervisor::stopping() { tell("STOPPING=1"); }

void Supervisor::alive(Time now, Duration silence) {
  if (life_ && life_->due(now, silence)) tell("WATCHDOG=1");
}

void Supervisor::tell(std::string_view lines) const {
  if (socket_.empty()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') to.sun_path[0] = '\0';
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)::sendto(fd.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace weir
