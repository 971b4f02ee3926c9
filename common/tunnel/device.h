#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/tunnel/device_config.h"
#include "common/tunnel/engine_counters.h"
#include "common/tunnel/uapi.h"

namespace weir {

class TunnelWorker;
class UapiServer;

using EndReport = std::function<void(const std::string& why)>;

/// What the kernel may be asked to do for many packets at once. It is only ever asked: without, or
/// where it refuses, packets go one by one.
struct TunnelOffloads {
  bool tun = true;       ///< large TCP packets at the interface
  bool tun_udp = true;   ///< and large UDP ones
  bool udp_cut = true;   ///< UDP_SEGMENT
  bool udp_join = true;  ///< UDP_GRO
};

/// How a tunnel comes into being; what can change later is in DeviceConfig.
struct TunnelOptions {
  /// 1 to 15 characters. Created if it does not exist.
  std::string interface = "weir0";
  /// UDP port on all addresses, IPv4 and IPv6 (IPv4 alone on hosts without IPv6); 0: any free one.
  std::uint16_t listen_port = 0;
  /// Of the inner packets, 576 to 65535 bytes. Later changes by `ip link` are followed.
  std::uint32_t mtu = 1420;
  /// Packets the kernel holds for a worker that lags: more is throughput, less is latency.
  std::uint32_t tx_queue_length = 500;
  TunnelOffloads offloads;
  /// How long the worker looks for the next packet before it sleeps. Waking a sleeper costs more
  /// than anything else a lone packet meets; looking costs up to a core, which is given up whenever
  /// somebody else wants it. At most 1 ms; 0: never.
  Duration busy_poll{0};
  /// Brings the interface up at once. `weir-wg` leaves that to its user.
  bool bring_up = true;
  /// Serves `<uapi_directory>/<interface>.sock` (0600), so that `wg` works on the tunnel.
  bool uapi = true;
  std::string uapi_directory = "/var/run/wireguard";
  /// Called once, on a thread of the tunnel, when it ends by itself: the interface or the UAPI
  /// socket's file was removed. The argument says which. Returns soon; must not destroy the device.
  EndReport on_end;
};

/// The tunnel as it is.
struct TunnelState {
  DeviceState device;
  std::optional<PublicKey> public_key;
  /// The port in use.
  std::uint16_t listen_port = 0;
  std::uint32_t fwmark = 0;
  std::uint32_t mtu = 0;
  bool up = false;
  EngineCounters engine;
};

/// What the kernel took and refused, since creation. "Packets" are inner, "datagrams" outer.
struct TunnelCounters {
  std::uint64_t packets_from_tun = 0;
  std::uint64_t packets_to_tun = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagrams_sent = 0;
  /// The interface's queue was full or it was down.
  std::uint64_t packets_refused_by_tun = 0;
  /// No route, no buffer, or an address that is gone.
  std::uint64_t datagrams_refused = 0;
};

/// A WireGuard tunnel: a TUN interface, a UDP port and the engine between them, run by a thread of
/// its own. A second thread serves the UAPI, so a stuck `wg` never holds a packet up.
///
/// All calls from any thread except from within `on_end`. Needs CAP_NET_ADMIN and /dev/net/tun.
/// The UDP port stays in the network namespace of the creation even if the interface is moved.
///
///   cost   apply, change and state wait for the worker: one batch of packets, typically well
///          under 1 ms, and O(peers + prefixes); counters() is a few atomic loads
class TunnelDevice {
 public:
  /// Returns when the interface, the port and the UAPI socket are usable.
  /// Errors: invalid_argument (an option), permission_denied, already_exists (interface, UAPI
  /// socket or port in use), unavailable (the kernel refused).
  static Result<std::unique_ptr<TunnelDevice>> create(TunnelOptions options);

  /// Stops both threads, then removes the interface, the port and the UAPI socket.
  ~TunnelDevice();
  TunnelDevice(const TunnelDevice&) = delete;
  TunnelDevice& operator=(const TunnelDevice&) = delete;

  /// Makes the device what `config` says, by difference (see Engine::apply). listen_port 0 keeps
  /// the port in use. Applying the same again changes nothing.
  /// Errors: those of Engine::apply and already_exists (the port is taken); nothing changed
  /// then; unavailable (the tunnel has ended).
  Status apply(const DeviceConfig& config);

  /// One `set` of the UAPI. Errors as `apply`, but peers named before a refused one are changed.
  Status change(const UapiSet& set);

  /// Errors: unavailable (the tunnel has ended).
  Result<TunnelState> state() const;

  TunnelCounters counters() const;

  /// Hands a short job to the worker and does not wait, for a watchdog; false when it takes none
  /// now: it has ended, or some still wait.
  bool post(std::function<void()> job);

  const std::string& interface() const;

 private:
  explicit TunnelDevice(std::string interface);

  const std::string interface_;
  std::unique_ptr<TunnelWorker> worker_;
  std::unique_ptr<UapiServer> uapi_;  // calls the worker, so it goes first
};

}  // namespace weir
