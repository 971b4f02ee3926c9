#pragma once

#include <cstdint>

namespace weir {

/// What an engine did and dropped since it was made. Plain numbers; read on the engine's thread.
struct EngineCounters {
  std::uint64_t rx_packets = 0;            ///< inner packets delivered
  std::uint64_t tx_packets = 0;            ///< inner packets sealed
  std::uint64_t handshakes_started = 0;    ///< initiations sent
  std::uint64_t handshakes_completed = 0;  ///< sessions confirmed, either role
  std::uint64_t cookies_sent = 0;
  std::uint64_t cookies_received = 0;
  std::uint64_t keepalives_sent = 0;
  std::uint64_t keepalives_received = 0;
  std::uint64_t roamed = 0;  ///< a peer's endpoint changed by an authenticated packet

  std::uint64_t dropped_malformed = 0;        ///< length, type or reserved bytes
  std::uint64_t dropped_mac1 = 0;             ///< not made for our public key
  std::uint64_t dropped_mac2 = 0;             ///< without a valid cookie under load; answered
  std::uint64_t dropped_rate_limited = 0;     ///< more handshakes from one source than allowed
  std::uint64_t dropped_flood = 0;            ///< initiations of one peer too close together
  std::uint64_t dropped_handshake = 0;        ///< not authentic, unknown peer, old timestamp
  std::uint64_t dropped_unknown_session = 0;  ///< no session has the receiver index
  std::uint64_t dropped_expired_session = 0;
  std::uint64_t dropped_not_authentic = 0;  ///< AEAD refused
  std::uint64_t dropped_replay = 0;
  std::uint64_t dropped_inner_malformed = 0;    ///< authentic, but no IP packet inside
  std::uint64_t dropped_wrong_destination = 0;  ///< not the only one the peer may send to
  std::uint64_t dropped_wrong_source = 0;       ///< the source address belongs to another peer
  std::uint64_t dropped_too_big = 0;            ///< longer than UDP carries
  std::uint64_t dropped_no_peer = 0;
  std::uint64_t dropped_no_endpoint = 0;
  std::uint64_t dropped_looped =
      0;  ///< what was sent to a peer came back as a packet for that peer
  std::uint64_t dropped_staged = 0;  ///< waited for a handshake too long or too many

  friend bool operator==(const EngineCounters&, const EngineCounters&) = default;
};

}  // namespace weir
