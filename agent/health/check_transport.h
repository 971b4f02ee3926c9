#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/model/service.h"
#include "common/net/ip.h"

namespace weir::agent {

/// Runs one check of one endpoint. The real ones are in tcp_check, http_check, exec_check and
/// grpc_check; tests script one. Several checks may be under way at once, all on one executor.
class CheckTransport {
 public:
  virtual ~CheckTransport() = default;

  /// Success, or why the endpoint does not count as healthy, in words for an operator. Ends within
  /// `timeout` and a little more. Errors: deadline_exceeded, unavailable, failed_precondition (it
  /// answered, but not as asked), cancelled.
  virtual boost::asio::awaitable<Status> check(const Endpoint& endpoint,
                                               std::chrono::milliseconds timeout) = 0;

  /// Lets go of what outlives a check (connections). After the last check, before destruction.
  virtual boost::asio::awaitable<void> stop() { co_return; }
};

/// The transport for a spec of kind tcp, http or exec; null for the others (`none` needs no check;
/// for `grpc` see grpc_check.h). `clock` outlives it.
///
/// A program is run only when it lies in `exec_dir` itself and the spec names it by its file name
/// alone: the spec comes over the network, the folder's content from whoever runs this machine.
/// With an empty `exec_dir` no program is run; a check that is not allowed fails and says why.
std::unique_ptr<CheckTransport> make_check_transport(const HealthCheckSpec& spec, Clock& clock,
                                                     const std::filesystem::path& exec_dir = {});

}  // namespace weir::agent
