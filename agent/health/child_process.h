#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace weir::agent {

/// A program that was started, in a process group of its own, with its standard output on a pipe.
///
/// Started by posix_spawn: safe with other threads. It gets no other descriptor of ours, default
/// signals, an environment of PATH only, and /dev/null as standard input and error. The destructor
/// kills the whole group; the zombie is collected on the executor.
class ChildProcess {
 public:
  /// Errors: invalid_argument (empty argv), not_found (no such program), resource_exhausted,
  /// permission_denied, internal.
  static Result<ChildProcess> start(const boost::asio::any_io_executor& executor,
                                    const std::vector<std::string>& argv);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  /// Waits for the program itself (not for what it left behind in the background).
  /// The first line of its output, cut after 200 bytes; the exit code, or minus the signal.
  struct Ended {
    int exit_code = 0;
    std::string line;
  };
  /// Errors: cancelled.
  boost::asio::awaitable<Result<Ended>> wait();

 private:
  ChildProcess(const boost::asio::any_io_executor& executor, pid_t pid, int pid_fd, int output);
  boost::asio::awaitable<void> read_output(std::string& text);

  pid_t pid_;
  boost::asio::posix::stream_descriptor ended_;  // a pidfd: readable once the program has ended
  boost::asio::posix::stream_descriptor output_;
};

/// `text` up to its first line end, without what could disturb a terminal, at most 200 bytes.
std::string first_line(std::string_view text);

}  // namespace weir::agent
