#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/tunnel/backend.h"
#include "common/tunnel/uapi.h"

namespace weir {

class TunnelWorker;
class UapiServer;

/// A WireGuard tunnel: a TUN interface, a UDP port and the engine between them, run by a thread of
/// its own. A second thread serves the UAPI, so a stuck `wg` never holds a packet up.
///
/// All calls from any thread except from within `on_end`. Needs CAP_NET_ADMIN and /dev/net/tun.
/// The UDP port stays in the network namespace of the creation even if the interface is moved.
///
///   cost   apply, change and state wait for the worker: one batch of packets, typically well
///          under 1 ms, and O(peers + prefixes); counters() is a few atomic loads
class TunnelDevice final : public TunnelBackend {
 public:
  /// Returns when the interface, the port and the UAPI socket are usable.
  /// Errors: invalid_argument (an option), permission_denied, already_exists (interface, UAPI
  /// socket or port in use), unavailable (the kernel refused).
  static Result<std::unique_ptr<TunnelDevice>> create(TunnelOptions options);

  /// Stops both threads, then removes the interface, the port and the UAPI socket.
  ~TunnelDevice() override;
  TunnelDevice(const TunnelDevice&) = delete;
  TunnelDevice& operator=(const TunnelDevice&) = delete;

  /// Makes the device what `config` says, by difference (see Engine::apply). listen_port 0 keeps
  /// the port in use. Applying the same again changes nothing.
  /// Errors: those of Engine::apply and already_exists (the port is taken); nothing changed
  /// then; unavailable (the tunnel has ended).
  Status apply(const DeviceConfig& config) override;

  /// One `set` of the UAPI. Errors as `apply`, but peers named before a refused one are changed.
  Status change(const UapiSet& set);

  Result<TunnelState> state() const override;
  TunnelCounters counters() const override;
  bool post(std::function<void()> job) override;
  const std::string& interface() const override;

 private:
  explicit TunnelDevice(std::string interface);

  const std::string interface_;
  std::unique_ptr<TunnelWorker> worker_;
  std::unique_ptr<UapiServer> uapi_;  // calls the worker, so it goes first
};

}  // namespace weir
