#pragma once

#include <deque>
#include <optional>

#include "common/tunnel/cookie.h"
#include "common/tunnel/device_config.h"
#include "common/tunnel/engine_io.h"
#include "common/tunnel/noise.h"
#include "common/tunnel/session.h"
#include "common/tunnel/tai64n.h"
#include "common/tunnel/timer_queue.h"

namespace weir {

/// Our own initiation that waits for its response. Separate from what we answer as responder, so
/// two ends that start at the same moment both succeed.
struct PendingHandshake {
  NoiseState state;
  X25519KeyPair ephemeral;
  IndexLease lease;
  Time sent;
};

/// Everything the engine knows about one peer. Plain state; the engine's parts act on it.
struct Peer {
  Peer(const PublicKey& key, std::uint32_t its_slot, std::uint64_t its_serial)
      : public_key(key), slot(its_slot), serial(its_serial), jar(key) {}

  // constant after construction
  const PublicKey public_key;
  const std::uint32_t slot;    ///< its number in the trie and in the engine's list; used again
  const std::uint64_t serial;  ///< counts the peers ever made

  // configuration
  PresharedKey preshared_key;  ///< all zeros is none
  std::optional<Endpoint> configured_endpoint;
  std::chrono::seconds persistent_keepalive{0};
  std::optional<IpAddress> only_destination;
  std::optional<SecretKey> static_static;  ///< none: no private key, or theirs is a low-order point

  // handshake
  std::optional<UdpPath> path;
  std::optional<PendingHandshake> pending;
  CookieJar jar;
  TimestampMaker timestamps;                 ///< of our initiations
  std::optional<Tai64n> greatest_timestamp;  ///< of theirs
  std::optional<Time> last_initiation_taken;
  std::optional<Time> last_handshake_sent;
  Time attempt_started{};  ///< of the handshake under way

  // transport
  SessionSlots sessions;
  std::deque<ByteVector> staged;  ///< inner packets without a session; an empty one is a keepalive
  PeerTimers timers;
  bool another_keepalive = false;   ///< data came while the keepalive timer was running
  bool rekeyed_on_receive = false;  ///< this session already made us initiate because it is old
  std::optional<WallTime> last_handshake;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_bytes = 0;
};

}  // namespace weir
