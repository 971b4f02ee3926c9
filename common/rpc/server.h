#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/rpc/router.h"
#include "common/rpc/tls_identity.h"

namespace weir {

struct RpcServerOptions {
  std::size_t message_bytes_max = 1 << 20;   // one received message
  std::size_t queue_bytes_max = 4 << 20;     // per call, written and not yet taken by the network
  std::size_t memory_bytes_max = 256 << 20;  // gRPC's buffers of all connections together
  int streams_per_connection_max = 100;
  int calls_max = 20000;  // more are refused with resource_exhausted
  std::chrono::milliseconds keepalive_interval{20'000};
  std::chrono::milliseconds keepalive_timeout{5'000};
  std::chrono::milliseconds ping_interval_min{10'000};  // a client that pings more often is dropped
  std::chrono::milliseconds drain{2'000};               // how long `close` waits for a stalled peer
};

/// Serves one router on any number of sockets. Use one server per router: admin, bootstrap,
/// session.
///
/// gRPC's threads only post to `executor`, which runs one handler at a time; all handlers and all
/// calls of this class run there. Made and destroyed by the app; `stop` must have returned before.
class RpcServer {
 public:
  /// `router` outlives the server.
  RpcServer(boost::asio::any_io_executor executor, const RpcRouter& router,
            RpcServerOptions options = {});
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  /// Before `start`. The socket file gets `mode`; a stale file is replaced.
  void listen_unix(std::string path, unsigned mode = 0660);
  /// Plain HTTP/2: only for an address inside WireGuard. With a `device`, only what comes in
  /// through it is taken: Linux otherwise answers for an address of one device on every other.
  void listen_insecure(Endpoint endpoint, std::string device = {});
  void listen_tls(Endpoint endpoint, TlsIdentity identity, std::string device = {});

  /// Binds all of them, or none.
  /// Errors: unavailable (names the address), already_exists (another process answers on the unix
  /// socket), invalid_argument (certificate or key).
  Status start();

  /// The port really bound of the `index`-th TCP listener: for port 0 in tests.
  std::uint16_t port(std::size_t index = 0) const;
  /// Calls in progress.
  std::size_t calls() const;

  /// Refuses new calls, gives those in progress `grace` to end, then cancels them; returns when the
  /// last has ended. May be called again, also meanwhile: every call returns when it is done.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
