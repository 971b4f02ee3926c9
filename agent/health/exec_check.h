#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/health/check_transport.h"

namespace weir::agent {

/// Where the program of a check lies: `exec_dir` and the plain file name in front of `argv`.
/// Errors: permission_denied (no `exec_dir`, or the name leads elsewhere).
Result<std::filesystem::path> find_program(const std::vector<std::string>& argv,
                                           const std::filesystem::path& exec_dir);

/// Healthy is for whom a program of the operator's ends with exit code 0. It is run without a shell
/// with "ADDRESS:PORT" as its last argument, and killed with all its children at the timeout; the
/// first line it prints is the reason.
class ExecCheck final : public CheckTransport {
 public:
  ExecCheck(std::vector<std::string> argv, Clock& clock) : argv_(std::move(argv)), clock_(clock) {}
  boost::asio::awaitable<Status> check(const Endpoint& endpoint,
                                       std::chrono::milliseconds timeout) override;

 private:
  const std::vector<std::string> argv_;
  Clock& clock_;
};

}  // namespace weir::agent
