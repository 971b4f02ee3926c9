#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/tunnel/device_config.h"

namespace weir {

/// A WireGuard device of the kernel as the kernel tells it.
struct KernelDevice {
  DeviceState device;
  std::optional<PublicKey> public_key;
  std::uint16_t listen_port = 0;
  std::uint32_t fwmark = 0;
};

/// What has to change about one peer; what is not named stays.
struct PeerChange {
  PublicKey public_key{};
  bool create = false;
  bool remove = false;
  bool replace_allowed_ips = false;           ///< `allowed_ips` become all it has
  std::optional<PresharedKey> preshared_key;  ///< all zeros takes it away
  std::optional<Endpoint> endpoint;
  std::optional<std::chrono::seconds> persistent_keepalive;
  std::vector<IpPrefix> allowed_ips;  ///< taken from the peer that held them
};

/// What has to change about a device, in the order in which it is to be done.
struct DeviceChange {
  std::optional<std::uint16_t> listen_port;
  std::optional<std::uint32_t> fwmark;
  std::optional<PrivateKey> private_key;  ///< all zeros takes it away
  std::vector<PeerChange> peers;          ///< removals first

  bool empty() const { return !listen_port && !fwmark && !private_key && peers.empty(); }
};

/// Which endpoint each peer was last asked to have: one that roamed since is left alone.
using AskedEndpoints = std::map<PublicKey, std::optional<Endpoint>>;

/// A configuration in which each prefix has one owner, the last that names it, and nobody is a peer
/// of itself: what becomes of any when it is applied.
/// Errors: invalid_argument (two peers with one key, a keepalive the protocol has no room for, a
/// peer with `only_destination` that may send from more than single addresses).
Result<DeviceConfig> canonical(DeviceConfig config);

/// The difference between what is and what should be. `wanted` is canonical. `now` tells whether a
/// peer that nobody asked for in this run has a session that works; its endpoint stays then.
DeviceChange plan_device(const KernelDevice& present, const DeviceConfig& wanted,
                         const AskedEndpoints& asked, WallTime now);

/// What `wanted` asks for, to be remembered once it is in force.
AskedEndpoints asked_by(const DeviceConfig& wanted);

}  // namespace weir
