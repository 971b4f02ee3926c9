#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/rpc/control_stream.h"
#include "common/rpc/tls_identity.h"

namespace weir {

struct RpcChannelOptions {
  std::string target;  // "unix:/run/weir/admin.sock", "10.90.0.1:7400"
  std::optional<TlsIdentity> tls =
      std::nullopt;              // none: plain, only for a unix socket or inside WireGuard
  std::string server_name = {};  // the name the server's certificate must carry; empty: target
  std::size_t message_bytes_max = 4 << 20;  // one received message
  std::size_t queue_bytes_max = 4 << 20;    // per call, written and not yet taken by the network
  std::chrono::milliseconds keepalive_interval{20'000};
  std::chrono::milliseconds keepalive_timeout{5'000};
  // The first wait after a failure, and the longest one attempt may take: TCP, TLS and HTTP/2 need
  // four round trips, so a second and more between continents.
  std::chrono::milliseconds reconnect_first{200};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds reconnect_max{2'000};
};

/// Calls to one server over one HTTP/2 connection, made when first needed and again after it broke.
///
/// Owned by the app, which destroys it on a thread of its own after `stop`: the last reference to
/// a gRPC channel must never die in one of gRPC's callbacks. All calls on `executor`, which runs
/// one handler at a time.
class RpcChannel final : public RpcClient {
 public:
  /// Errors: invalid_argument (target empty, or certificate without key).
  static Result<std::unique_ptr<RpcChannel>> create(boost::asio::any_io_executor executor,
                                                    RpcChannelOptions options);
  ~RpcChannel() override;
  RpcChannel(const RpcChannel&) = delete;
  RpcChannel& operator=(const RpcChannel&) = delete;

  std::unique_ptr<ControlStream> open(const std::string& path,
                                      std::chrono::milliseconds timeout) override;

  /// Calls in progress, those included whose stream was dropped but whose end gRPC has not told.
  std::size_t calls() const;

  /// Cancels every call and returns when the last has ended.
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  explicit RpcChannel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
