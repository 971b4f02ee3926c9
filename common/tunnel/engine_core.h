#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/tunnel/allowed_ips.h"
#include "common/tunnel/cookie.h"
#include "common/tunnel/engine.h"
#include "common/tunnel/index_table.h"
#include "common/tunnel/load_guard.h"
#include "common/tunnel/peer.h"
#include "common/tunnel/timer_queue.h"
#include "common/tunnel/too_big.h"

namespace weir {

/// The engine's state and its parts, one source file each:
///
///     engine_config.cc      who the peers are
///     engine_handshake.cc   messages 1 to 3: from strangers to sessions
///     engine_data.cc        message 4 and inner packets
///     engine_timers.cc      what happens when nothing happens
class Engine::Core {
 public:
  Core(Options options, KeySource& keys, WallClock wall);

  // configuration
  Status apply(const DeviceConfig& config, Time now, EngineOutput& out);
  void set_private_key(const std::optional<PrivateKey>& key, Time now, EngineOutput& out);
  Status update_peer(const PeerUpdate& update, Time now, EngineOutput& out);
  void remove_all_peers();
  void set_mtu(std::size_t mtu) { options_.mtu = mtu; }
  void set_behind(bool behind) { behind_ = behind; }
  DeviceState state() const;
  bool has_peer(const PublicKey& key) const { return by_key_.contains(key); }
  std::optional<PublicKey> public_key() const;
  void forget_local(const IpAddress& local);
  void forget_locals(const IpPrefix& remotes);

  // packets and time
  void bring_up(Time now, EngineOutput& out);
  void take_down();
  bool is_up() const { return up_; }
  void on_datagrams(ByteSpan datagrams, std::size_t size, const UdpPath& from, Time now,
                    EngineOutput& out);
  InnerVerdict on_inner_packets(std::span<const SegmentedPacket> packets, Time now,
                                EngineOutput& out);
  std::optional<Time> next_timer() const { return queue_.next(); }
  void on_timer(Time now, EngineOutput& out);
  std::uint64_t timestamp_sent_ns() const { return timestamp_sent_ns_; }
  const EngineCounters& counters() const { return counters_; }
  void skip_to(const PublicKey& key, std::uint64_t counter);

 private:
  struct HashKey {
    std::size_t operator()(const PublicKey& key) const { return load_le64(key.data()); }
  };

  /// A clock that went backwards stands still.
  Time tick(Time now) { return now_ = std::max(now_, now); }
  Duration jitter();

  // engine_config.cc
  Peer* find(const PublicKey& key) const;
  Peer& add_peer(const PublicKey& key);
  void remove_peer(Peer& peer);
  void change_peer(Peer& peer, const PeerUpdate& update, Time now, EngineOutput& out);
  void set_keepalive(Peer& peer, std::chrono::seconds interval, Time now, EngineOutput& out);
  void set_endpoint(Peer& peer, const Endpoint& endpoint, std::uint32_t interface_index);
  void compute_static_static(Peer& peer) const;
  std::vector<std::vector<IpPrefix>> prefixes_by_slot() const;

  // engine_handshake.cc
  bool admit(ByteView message, const UdpPath& from, Time now, EngineOutput& out);
  void on_initiation(ByteView message, const UdpPath& from, Time now, EngineOutput& out);
  void on_response(ByteView message, const UdpPath& from, Time now, EngineOutput& out);
  void on_cookie(ByteView message, Time now);
  Peer* read_initiation(ByteView message, const UdpPath& from, NoiseState& state,
                        NoiseInitiator& initiator, Time now, EngineOutput& out);
  void ask_instead(Peer& peer, const UdpPath& from, Time now, EngineOutput& out);
  void answer(Peer& peer, NoiseState& state, const NoiseInitiator& initiator, ByteView message,
              Time now, EngineOutput& out);
  enum class Attempt : std::uint8_t { first, again };
  void start_handshake(Peer& peer, Attempt attempt, Time now, EngineOutput& out,
                       const UdpPath* also = nullptr);
  void handshake_done(Peer& peer);

  // engine_data.cc
  void on_datagram(ByteSpan datagram, const UdpPath& from, EngineOutput& out);
  void on_data(ByteSpan datagrams, std::size_t size, const UdpPath& from, Time now,
               EngineOutput& out);
  void deliver(Peer& peer, ByteSpan plain, EngineOutput& out);
  void roam(Peer& peer, const UdpPath& from);
  InnerVerdict on_inner_packet(const SegmentedPacket& packet, Time now, EngineOutput& out);
  InnerVerdict refuse_too_big(const SegmentedPacket& packet, EngineOutput& out);
  void stage(Peer& peer, const SegmentedPacket& packet);
  void drop_staged(Peer& peer);
  void send_staged(Peer& peer, Time now, EngineOutput& out);
  void send_keepalive(Peer& peer, Time now, EngineOutput& out);
  void send_data(Peer& peer, Session& session, const SegmentedPacket& packet, Time now,
                 EngineOutput& out);
  void prepare(Session& session, ByteSpan datagram, std::size_t plain);
  void send_prepared(EngineOutput& out);
  void rekey_old_on_receive(Peer& peer, Time now, EngineOutput& out);

  // engine_timers.cc
  void session_made(Peer& peer, Time now);
  void authenticated_sent(Peer& peer, std::size_t bytes, Time now);
  void authenticated_received(Peer& peer, std::size_t bytes, Time now);
  void data_sent(Peer& peer, Time now);
  void data_received(Peer& peer, Time now);
  void retransmit(Peer& peer, Time now, EngineOutput& out);
  void forget_sessions(Peer& peer);

  // constant after construction
  Options options_;
  KeySource& keys_;
  const WallClock wall_;
  const NoiseState blank_ = NoiseState::wireguard();

  bool up_ = false;
  bool behind_ = false;
  Time now_ = Time::min();
  EngineCounters counters_;
  std::optional<X25519KeyPair> identity_;
  std::optional<CookieChecker> checker_;  ///< as long as there is an identity
  LoadMonitor load_;
  SourceLimiter sources_;
  AllowedIps allowed_ips_;
  TimerQueue queue_;
  IndexTable indices_;  ///< before the peers: they hold leases on it

  /// Datagrams that lie where they leave from and are still plain, and the runs they make. Empty
  /// between two calls from outside.
  struct PreparedRun {
    UdpPath to;
    ByteSpan datagrams;
    std::size_t size = 0;
  };
  std::vector<PacketToSeal> prepared_;
  std::vector<PacketSealKey*> prepared_keys_;  ///< of each
  std::vector<PreparedRun> prepared_runs_;
  std::vector<PacketToOpen> opening_;  ///< of the run at hand
  /// The answer to a packet that is too long; stays until the next vector.
  std::array<std::uint8_t, k_too_big_size_max> too_big_{};
  bool told_too_big_ = false;

  std::vector<std::unique_ptr<Peer>> peers_;  ///< by slot; empty ones are free
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<PublicKey, Peer*, HashKey> by_key_;
  std::uint64_t peers_made_ = 0;
  std::uint64_t timestamp_floor_ns_;     ///< greatest timestamp sent to a peer since removed
  std::uint64_t timestamp_sent_ns_ = 0;  ///< greatest ever
};

}  // namespace weir
