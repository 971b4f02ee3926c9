#include "common/tunnel_kernel/device_plan.h"

#include <algorithm>
#include <set>

#include "common/base/bytes.h"
#include "common/crypto/x25519.h"

namespace weir {
namespace {

constexpr std::chrono::seconds k_keepalive_max{65535};
constexpr std::chrono::seconds k_session_life{180};  // REJECT_AFTER_TIME of the protocol

Status check(const DeviceConfig& config) {
  std::set<PublicKey> keys;
  for (const PeerConfig& peer : config.peers) {
    const std::string who = "peer " + to_base64(peer.public_key);
    if (!keys.insert(peer.public_key).second) {
      return fail(Code::invalid_argument, who + " is given twice; keep one");
    }
    if (peer.persistent_keepalive.count() < 0 || peer.persistent_keepalive > k_keepalive_max) {
      return fail(Code::invalid_argument, who + ": a persistent keepalive of " +
                                              std::to_string(peer.persistent_keepalive.count()) +
                                              " s is not between 0 and 65535");
    }
    const auto wide = [](const IpPrefix& one) { return one.length() != one.address().bits(); };
    if (peer.only_destination && std::ranges::any_of(peer.allowed_ips, wide)) {
      return fail(Code::invalid_argument,
                  who +
                      " may send to one address only, so it has to have single addresses too; "
                      "give it allowed IPs without a shorter prefix");
    }
  }
  return {};
}

void give_each_prefix_one_owner(DeviceConfig& config) {
  std::set<IpPrefix> taken;
  for (auto peer = config.peers.rbegin(); peer != config.peers.rend(); ++peer) {
    std::erase_if(peer->allowed_ips,
                  [&](const IpPrefix& prefix) { return !taken.insert(prefix).second; });
  }
}

std::vector<IpPrefix> sorted(std::vector<IpPrefix> prefixes) {
  std::ranges::sort(prefixes);
  return prefixes;
}

/// Only what is missing when nothing has to go; otherwise all of it, to replace what there is.
void plan_prefixes(const PeerState& peer, const PeerConfig& wish, PeerChange& change) {
  const std::vector<IpPrefix> held = sorted(peer.allowed_ips);
  const std::vector<IpPrefix> wanted = sorted(wish.allowed_ips);
  if (held == wanted) return;
  if (!std::ranges::includes(wanted, held)) {
    change.replace_allowed_ips = true;
    change.allowed_ips = wanted;
    return;
  }
  std::ranges::set_difference(wanted, held, std::back_inserter(change.allowed_ips));
}

bool endpoint_stays(const PeerState& peer, const PeerConfig& wish, const AskedEndpoints& asked,
                    WallTime now) {
  if (!wish.endpoint || peer.endpoint == wish.endpoint) return true;
  if (!peer.endpoint) return false;
  const auto before = asked.find(wish.public_key);
  if (before != asked.end()) return before->second == wish.endpoint;
  return peer.last_handshake && now - *peer.last_handshake < k_session_life;
}

std::optional<PeerChange> plan_peer(const PeerState& peer, const PeerConfig& wish,
                                    const AskedEndpoints& asked, WallTime now) {
  PeerChange change;
  change.public_key = wish.public_key;
  const PresharedKey wanted_key = wish.preshared_key.value_or(PresharedKey());
  if (peer.preshared_key.value_or(PresharedKey()) != wanted_key) change.preshared_key = wanted_key;
  if (!endpoint_stays(peer, wish, asked, now)) change.endpoint = wish.endpoint;
  if (peer.persistent_keepalive != wish.persistent_keepalive) {
    change.persistent_keepalive = wish.persistent_keepalive;
  }
  plan_prefixes(peer, wish, change);
  const bool same = !change.preshared_key && !change.endpoint && !change.persistent_keepalive &&
                    !change.replace_allowed_ips && change.allowed_ips.empty();
  if (same) return std::nullopt;
  return change;
}

PeerChange new_peer(const PeerConfig& wish) {
  PeerChange change;
  change.public_key = wish.public_key;
  change.create = true;
  change.replace_allowed_ips = true;
  if (wish.preshared_key && !wish.preshared_key->is_zero()) {
    change.preshared_key = wish.preshared_key;
  }
  change.endpoint = wish.endpoint;
  if (wish.persistent_keepalive.count() != 0) {
    change.persistent_keepalive = wish.persistent_keepalive;
  }
  change.allowed_ips = wish.allowed_ips;
  return change;
}

}  // namespace

Result<DeviceConfig> canonical(DeviceConfig config) {
  WEIR_TRY(check(config));
  if (config.private_key) {
    clamp(*config.private_key);  // as the kernel keeps it
    const X25519KeyPair own(*config.private_key);
    std::erase_if(config.peers,
                  [&](const PeerConfig& peer) { return peer.public_key == own.public_key(); });
  }
  give_each_prefix_one_owner(config);
  return config;
}

DeviceChange plan_device(const KernelDevice& present, const DeviceConfig& wanted,
                         const AskedEndpoints& asked, WallTime now) {
  DeviceChange change;
  if (wanted.listen_port != 0 && wanted.listen_port != present.listen_port) {
    change.listen_port = wanted.listen_port;
  }
  if (wanted.fwmark != present.fwmark) change.fwmark = wanted.fwmark;
  const PrivateKey wanted_key = wanted.private_key.value_or(PrivateKey());
  if (present.device.private_key.value_or(PrivateKey()) != wanted_key) {
    change.private_key = wanted_key;
  }

  std::map<PublicKey, const PeerState*> held;
  for (const PeerState& peer : present.device.peers) held.emplace(peer.public_key, &peer);
  std::set<PublicKey> kept;
  for (const PeerConfig& wish : wanted.peers) kept.insert(wish.public_key);
  for (const PeerState& peer : present.device.peers) {
    if (kept.contains(peer.public_key)) continue;
    change.peers.emplace_back().public_key = peer.public_key;
    change.peers.back().remove = true;
  }
  for (const PeerConfig& wish : wanted.peers) {
    const auto found = held.find(wish.public_key);
    if (found == held.end()) {
      change.peers.push_back(new_peer(wish));
    } else if (auto changed = plan_peer(*found->second, wish, asked, now)) {
      change.peers.push_back(std::move(*changed));
    }
  }
  return change;
}

AskedEndpoints asked_by(const DeviceConfig& wanted) {
  AskedEndpoints asked;
  for (const PeerConfig& peer : wanted.peers) asked.emplace(peer.public_key, peer.endpoint);
  return asked;
}

}  // namespace weir
