#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/async/clock.h"
#include "common/async/task_group.h"
#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/rpc/router.h"
#include "common/rpc/server.h"
#include "common/rpc/tls_identity.h"

namespace weir::controller {

/// The server of the agents' sessions, with a certificate that is renewed.
///
/// A renewed certificate is a new server: agents are back within a second, and nothing of theirs
/// depends on it. One executor.
class SessionServer {
 public:
  struct Options {
    Endpoint listen;
    std::string device;  // empty: any
    std::chrono::milliseconds renew_every{0};
    /// A certificate made now, with its key: no key is ever on a disk.
    std::function<Result<TlsIdentity>()> make_identity;
    std::function<void()> renewed;
    /// It could not be started again.
    std::function<void(std::string)> failed;
  };

  /// `router` and `clock` outlive it.
  SessionServer(boost::asio::any_io_executor executor, const RpcRouter& router, Options options,
                Clock& clock);

  /// Errors: as `make_identity` and RpcServer::start.
  Status start();
  /// Returns when nothing of it runs any more, also in the middle of a renewal. Before it dies.
  boost::asio::awaitable<void> stop();

  std::uint16_t port() const { return server_->port(); }

 private:
  Status serve();
  boost::asio::awaitable<void> renew();

  const boost::asio::any_io_executor executor_;
  const RpcRouter& router_;
  const Options options_;
  Clock& clock_;
  TaskGroup tasks_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace weir::controller
