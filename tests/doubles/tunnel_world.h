#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "common/sim/rng.h"
#include "common/tunnel/engine.h"

namespace weir {

/// Keys by seed.
class SeededKeys final : public KeySource {
 public:
  explicit SeededKeys(std::uint64_t seed) : rng_(seed) {}
  void fill(ByteSpan bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng_.next());
  }

 private:
  Rng rng_;
};

/// An IPv4 packet with this payload; checksums are left out, the tunnel does not look at them.
ByteVector ipv4_packet(const IpAddress& source, const IpAddress& destination, ByteView payload);
ByteVector ipv6_packet(const IpAddress& source, const IpAddress& destination, ByteView payload);

/// Engines joined by a network in simulated time. The same seed gives the same run.
///
///     node i   underlay 192.0.2.(i+1):51820   inner address 10.90.0.(i+1)
class TunnelWorld {
 public:
  struct Faults {
    double loss = 0;
    double duplicate = 0;
    Duration delay = std::chrono::milliseconds(10);
    Duration jitter{0};  ///< more than the spacing of packets reorders them
  };
  /// One UDP payload on the wire.
  struct Datagram {
    Time sent;
    std::size_t from = 0;
    UdpPath to;
    ByteVector bytes;
    std::uint32_t type() const { return bytes.size() < 4 ? 0 : load_le32(bytes.data()); }
  };
  struct Node;

  explicit TunnelWorld(std::uint64_t seed);
  ~TunnelWorld();

  /// A new engine, up, with a key of its own.
  std::size_t add(Engine::Options options = {});
  /// Makes two nodes peers of each other, with endpoints and inner addresses.
  void join(std::size_t a, std::size_t b);
  /// What `a` needs to know of `b`.
  PeerUpdate peer_of(std::size_t b) const;

  Engine& engine(std::size_t node);
  PublicKey key(std::size_t node) const;
  Endpoint endpoint(std::size_t node) const;
  /// From now on the node sends from, and is reached at, another address.
  void move(std::size_t node, const Endpoint& to);
  static IpAddress inner(std::size_t node);
  PeerState peer(std::size_t node, std::size_t other) const;

  /// Sends a packet with `number` in it through `from`'s tunnel.
  InnerVerdict send(std::size_t from, std::size_t to, std::uint64_t number = 0);
  InnerVerdict send_raw(std::size_t from, ByteView packet);
  /// Hands a datagram to a node at once, as from `from`.
  void inject(std::size_t to, ByteVector bytes, const Endpoint& from);
  /// The numbers of the packets delivered at `node`, in order.
  const std::vector<std::uint64_t>& delivered(std::size_t node) const;
  const std::vector<ByteVector>& delivered_packets(std::size_t node) const;
  void forget_delivered(std::size_t node);

  /// Moves time on, through every datagram and timer on the way.
  void run(Duration duration);
  /// Time passes and no timer is run: a machine asleep.
  void sleep(Duration duration) { now_ += duration; }
  Time now() const { return now_; }
  EngineOutput& output(std::size_t node);

  Faults faults;
  Duration wall_offset = std::chrono::hours(24 * 365 * 55);
  /// Everything sent, in order, whether it arrived or not.
  std::vector<Datagram> wire;
  bool keep_wire = true;
  /// Sees every datagram before it leaves; false loses it.
  std::function<bool(const Datagram&)> filter;
  /// How many on the wire had this type, and came from `from`.
  std::size_t count(std::uint32_t type) const;
  std::size_t count(std::uint32_t type, std::size_t from) const;

 private:
  friend struct Node;
  void transmit(std::size_t from, const UdpPath& to, ByteView bytes);

  struct Flight {
    Endpoint from;
    Endpoint to;
    ByteVector bytes;
  };
  Rng rng_;
  Time now_{std::chrono::hours(1)};
  std::vector<std::unique_ptr<Node>> nodes_;
  std::multimap<Time, Flight> flights_;
};

}  // namespace weir
