#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/tunnel/device_config.h"
#include "common/tunnel/engine_counters.h"

namespace weir {

using EndReport = std::function<void(const std::string& why)>;

/// What the kernel may be asked to do for many packets at once. It is only ever asked: without, or
/// where it refuses, packets go one by one. Of the embedded engine alone.
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
  /// Packets the kernel holds for a worker that lags, of up to 64 KB each: more is throughput and
  /// room for bursts of small ones, less is latency beside bulk.
  std::uint32_t tx_queue_length = 500;
  TunnelOffloads offloads;
  /// How long the embedded engine's worker looks for the next packet before it sleeps, where that
  /// pays (see BusyPoll). Looking costs up to a core, which is given up whenever somebody else
  /// wants it. At most 1 ms; 0: never.
  Duration busy_poll = std::chrono::microseconds(50);
  /// Brings the interface up at once. `weir-wg` leaves that to its user.
  bool bring_up = true;
  /// Serves `<uapi_directory>/<interface>.sock` (0600), so that `wg` works on the tunnel. For the
  /// embedded engine alone, as the next and `tx_queue_length`: `wg` speaks to the kernel by itself.
  bool uapi = true;
  std::string uapi_directory = "/var/run/wireguard";
  /// An absolute path: where the embedded engine keeps how far its timestamps have come, so that
  /// peers hear the next run too when the wall clock was set back meanwhile. Empty: nowhere.
  std::string timestamp_file;
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
  EngineCounters engine;  ///< zeros where the kernel's WireGuard does the work
};

/// What the kernel took and refused, since creation. "Packets" are inner, "datagrams" outer; the
/// kernel's own WireGuard does not count datagrams that went well.
struct TunnelCounters {
  std::uint64_t packets_from_tun = 0;
  std::uint64_t packets_to_tun = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagrams_sent = 0;
  /// The interface's queue was full or it was down.
  std::uint64_t packets_refused_by_tun = 0;
  /// No route, no buffer, or an address that is gone.
  std::uint64_t datagrams_refused = 0;
  /// The queue before the engine was full; the embedded engine's alone.
  std::uint64_t packets_without_room = 0;
};

/// What agent and controller need of a WireGuard tunnel, whoever does the work: the engine of this
/// process (TunnelDevice) or the kernel (KernelTunnel). One contract test runs on both.
///
/// The tunnel goes with the object: interface, port and peers. All calls from any thread except
/// from within `on_end`; each may block for a moment.
class TunnelBackend {
 public:
  virtual ~TunnelBackend() = default;

  /// Makes the device what `config` says, by difference: what is so already is not touched, so
  /// sessions of peers that stay live on. An endpoint that roamed is kept unless `config` names
  /// another than the last `apply` did. listen_port 0 keeps the port in use.
  /// Errors: invalid_argument (two peers with one key, a keepalive above 65535 s),
  /// already_exists (the port is taken), resource_exhausted (a limit): nothing changed then;
  /// unavailable (the tunnel has ended).
  virtual Status apply(const DeviceConfig& config) = 0;

  /// Errors: unavailable (the tunnel has ended).
  virtual Result<TunnelState> state() const = 0;

  virtual TunnelCounters counters() const = 0;

  /// Hands a short job to the tunnel's thread and does not wait, for a watchdog; false when it
  /// takes none now: it has ended, or some still wait.
  virtual bool post(std::function<void()> job) = 0;

  virtual const std::string& interface() const = 0;
};

}  // namespace weir
