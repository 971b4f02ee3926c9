#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "agent/paths/stamp_packet.h"
#include "agent/paths/token_bucket.h"
#include "common/model/observation.h"

namespace weir::agent {

/// A stateful STAMP reflector: answers the peers of the mesh, and counts its answers per session,
/// so that the sender can tell loss on the way out from loss on the way back.
///
/// A session is a peer's address and port; each peer may have 8, the one idle longest makes room.
/// An answer is never longer than the request. Pure.
class StampReflector {
 public:
  static constexpr std::size_t k_sessions = 8;

  StampReflector(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  /// Sessions of known peers go on.
  void set_peers(std::span<const OverlayPeer> peers);

  /// A packet as it arrived.
  struct Arrival {
    Endpoint from;
    ByteView datagram;
    std::uint8_t ttl = 0;
    WallTime received;
  };

  /// The answer to send at `sent`; none when the packet is malformed, from no peer, or above the
  /// peer's rate. `now` is for the rate.
  std::optional<std::array<std::uint8_t, k_stamp_size>> reflect(const Arrival& arrival,
                                                                WallTime sent, Time now);

  std::uint64_t refused() const { return refused_; }

 private:
  struct Session {
    std::uint16_t port = 0;
    std::uint32_t next_sequence = 0;
    Time used{};
  };
  struct Peer {
    TokenBucket bucket;
    std::array<Session, k_sessions> sessions{};
  };
  static Session& session(Peer& peer, std::uint16_t port);

  const double per_second_;
  const double burst_;
  std::unordered_map<IpAddress, Peer> peers_;
  std::uint64_t refused_ = 0;
};

}  // namespace weir::agent
