#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/crypto/random.h"
#include "common/offload/segments.h"
#include "common/tunnel/device_config.h"
#include "common/tunnel/engine_counters.h"
#include "common/tunnel/engine_io.h"

namespace weir {

/// WireGuard without I/O: datagrams, inner packets, configuration and time in; datagrams and inner
/// packets out through an EngineOutput.
///
///     TUN ──on_inner_packets─▶ trie ─▶ peer ─▶ session: pad, seal ──send──▶ UDP
///     TUN ◀─────deliver─────── owner check ◀─ replay window ◀─ open ◀──on_datagrams─ UDP
///                                 timers: on_timer when next_timer() comes
///
/// Starts down: `bring_up` lets packets and timers run, `take_down` forgets the sessions.
///
///   thread   one at a time; holds no lock, reads no clock
///   cost     data path: one hash or trie look-up, one AEAD pass, no allocation; handshake: four
///            X25519 as responder, about 200 us
///   limits   k_peers_max peers, k_allowed_ips_max allowed IPs, EngineOptions::staged_packets_max
///            packets waiting per peer (oldest dropped, counted)
class Engine {
 public:
  static constexpr std::size_t k_peers_max = 65536;
  static constexpr std::size_t k_allowed_ips_max = 1U << 20;
  static constexpr std::size_t k_datagram_size_max = 65535;
  static constexpr std::size_t k_data_header_size = 16;   ///< before the inner packet
  static constexpr std::size_t k_data_overhead_max = 47;  ///< header, padding and tag

  struct Options {
    std::size_t mtu = 1420;                ///< of the inner interface; padding stays within it
    std::size_t staged_packets_max = 128;  ///< per peer
    /// Handshake messages a second this machine takes before it asks for cookies; a burst of
    /// `handshake_burst` more is taken without.
    std::uint32_t handshakes_per_second = 4000;
    std::uint32_t handshake_burst = 128;
    /// Timestamps of our initiations start above this, whatever the wall clock says; nanoseconds
    /// since 1970.
    std::uint64_t timestamp_floor_ns = 0;
  };
  using WallClock = std::function<WallTime()>;

  /// `keys` outlives the engine. `wall` is asked once per initiation and per finished handshake.
  Engine(Options options, KeySource& keys, WallClock wall);
  ~Engine();
  Engine(Engine&&) = delete;

  // --- configuration --------------------------------------------------------------------------

  /// Makes the device so by difference: sessions of peers that stay are not disturbed, and an
  /// endpoint that roamed is kept unless `config` names another endpoint than the last `apply` did.
  /// Errors: resource_exhausted (a limit), invalid_argument (two peers with one key, a keepalive
  /// above 65535 s); nothing changed then.
  Status apply(const DeviceConfig& config, Time now, EngineOutput& out);

  /// The verbs of the UAPI, each at once. A zero key means none. The peer whose public key is the
  /// new private key's own is removed; sessions end, and handshakes start again with the new key.
  void set_private_key(const std::optional<PrivateKey>& key, Time now, EngineOutput& out);
  /// Creates, changes or removes one peer. Our own public key is ignored.
  /// Errors: as `apply`.
  Status update_peer(const PeerUpdate& update, Time now, EngineOutput& out);
  void remove_all_peers();
  void set_mtu(std::size_t mtu);

  DeviceState state() const;
  bool has_peer(const PublicKey& key) const;
  std::optional<PublicKey> public_key() const;

  // --- packets and time -------------------------------------------------------------------------

  void bring_up(Time now, EngineOutput& out);
  void take_down();
  bool is_up() const;

  /// Opens and handles the UDP payloads of one sender that lie one after the other, each of `size`
  /// bytes, the last perhaps shorter; they are overwritten. Anything malformed or not authentic is
  /// dropped and counted.
  void on_datagrams(ByteSpan datagrams, std::size_t size, const UdpPath& from, Time now,
                    EngineOutput& out);
  void on_datagram(ByteSpan datagram, const UdpPath& from, Time now, EngineOutput& out) {
    on_datagrams(datagram, datagram.size(), from, now, out);
  }

  /// Sends IP packets from the TUN device to the peers that own their destinations. All that `out`
  /// got is complete when the call returns. Answers for the last packet.
  InnerVerdict on_inner_packets(std::span<const SegmentedPacket> packets, Time now,
                                EngineOutput& out);
  InnerVerdict on_inner_packet(ByteView ip_packet, Time now, EngineOutput& out) {
    const SegmentedPacket whole(ip_packet);
    return on_inner_packets(std::span(&whole, 1), now, out);
  }

  /// Whether many datagrams wait that could not be taken yet: then handshakes count as load sooner.
  void set_behind(bool behind);

  /// When `on_timer` is due; nothing when no timer runs. May be early, never late.
  std::optional<Time> next_timer() const;
  void on_timer(Time now, EngineOutput& out);

  /// A local address or interface is gone: replies stop using it.
  void forget_local(const IpAddress& local);
  /// The way to these addresses changed: the source of what goes there is for the kernel to choose.
  void forget_locals(const IpPrefix& remotes);

  /// The greatest timestamp of an initiation so far, as the floor of the next engine.
  std::uint64_t timestamp_sent_ns() const;

  const EngineCounters& counters() const;

  /// As if so many data messages had been sent to `peer` on its session; never back. For tests of
  /// the limits.
  void skip_to(const PublicKey& peer, std::uint64_t counter);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace weir
