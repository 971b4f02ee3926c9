#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/time.h"
#include "common/crypto/keys.h"
#include "common/net/ip.h"

namespace weir {

/// One peer as it should be.
struct PeerConfig {
  PublicKey public_key{};
  std::optional<PresharedKey> preshared_key;
  std::optional<Endpoint> endpoint;
  std::chrono::seconds persistent_keepalive{0};  ///< 0 is off; at most 65535
  std::vector<IpPrefix> allowed_ips;
  /// What the peer may send to; none: anything. No part of UAPI, `wg` neither shows nor changes it.
  std::optional<IpAddress> only_destination{};
};

/// The whole device as it should be. The port and the mark are the shell's business.
struct DeviceConfig {
  std::optional<PrivateKey> private_key;
  std::uint16_t listen_port = 0;  ///< 0 is any free port
  std::uint32_t fwmark = 0;       ///< 0 is none
  std::vector<PeerConfig> peers;
};

/// One peer section of a UAPI `set`: only what it names changes.
struct PeerUpdate {
  PublicKey public_key{};
  bool remove = false;
  bool update_only = false;  ///< does nothing when the peer is unknown
  bool replace_allowed_ips = false;
  std::optional<PresharedKey> preshared_key;  ///< all zeros takes it away
  std::optional<Endpoint> endpoint;
  std::uint32_t endpoint_interface = 0;  ///< of a link-local endpoint; 0 is any
  std::optional<std::chrono::seconds> persistent_keepalive;
  std::vector<IpPrefix> allowed_ips;          ///< added; taken from the peer that held them
  std::vector<IpPrefix> removed_allowed_ips;  ///< taken from this peer, if it holds them
};

/// What `get` tells about one peer.
struct PeerState {
  PublicKey public_key{};
  std::optional<PresharedKey> preshared_key;
  std::optional<Endpoint> endpoint;      ///< where its last authenticated packet came from
  std::uint32_t endpoint_interface = 0;  ///< of a link-local endpoint; 0 is any
  std::chrono::seconds persistent_keepalive{0};
  std::optional<WallTime> last_handshake;
  std::uint64_t rx_bytes = 0;  ///< authenticated UDP payload, handshakes included
  std::uint64_t tx_bytes = 0;
  std::vector<IpPrefix> allowed_ips;
  friend bool operator==(const PeerState&, const PeerState&) = default;
};

/// What `get` tells about the device, peers in the order of their creation.
struct DeviceState {
  std::optional<PrivateKey> private_key;
  std::vector<PeerState> peers;
  friend bool operator==(const DeviceState&, const DeviceState&) = default;
};

}  // namespace weir
