#include <algorithm>
#include <set>

#include "common/tunnel/engine_core.h"

namespace weir {
namespace {

constexpr std::chrono::seconds k_keepalive_max{65535};

std::uint64_t draw(KeySource& keys) {
  std::array<std::uint8_t, 8> bytes{};
  keys.fill(bytes);
  return load_le64(bytes.data());
}

Status check_keepalive(std::chrono::seconds interval) {
  if (interval >= std::chrono::seconds(0) && interval <= k_keepalive_max) return {};
  return fail(Code::invalid_argument, "persistent keepalive of " +
                                          std::to_string(interval.count()) +
                                          " s is not between 0 and 65535");
}

Status check_limits(std::size_t peers, std::size_t allowed_ips) {
  if (peers > Engine::k_peers_max) {
    return fail(Code::resource_exhausted, std::to_string(peers) + " peers are more than the " +
                                              std::to_string(Engine::k_peers_max) +
                                              " a device takes; use several devices");
  }
  if (allowed_ips > Engine::k_allowed_ips_max) {
    return fail(Code::resource_exhausted, std::to_string(allowed_ips) +
                                              " allowed IPs are more than the " +
                                              std::to_string(Engine::k_allowed_ips_max) +
                                              " a device takes; join neighbouring prefixes");
  }
  return {};
}

Status check(const DeviceConfig& config) {
  std::set<PublicKey> keys;
  std::size_t allowed_ips = 0;
  for (const PeerConfig& peer : config.peers) {
    WEIR_TRY(check_keepalive(peer.persistent_keepalive));
    allowed_ips += peer.allowed_ips.size();
    if (!keys.insert(peer.public_key).second) {
      return fail(Code::invalid_argument,
                  "peer " + to_base64(peer.public_key) + " is given twice; keep one");
    }
  }
  return check_limits(config.peers.size(), allowed_ips);
}

}  // namespace

Engine::Core::Core(Options options, KeySource& keys, WallClock wall)
    : options_(options),
      keys_(keys),
      wall_(std::move(wall)),
      load_(options.handshakes_per_second, options.handshake_burst),
      sources_(draw(keys)),
      timestamp_floor_ns_(options.timestamp_floor_ns) {}

Status Engine::Core::apply(const DeviceConfig& config, Time now, EngineOutput& out) {
  WEIR_TRY(check(config));
  std::set<PublicKey> wanted;
  for (const PeerConfig& peer : config.peers) wanted.insert(peer.public_key);
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer != nullptr && !wanted.contains(peer->public_key)) remove_peer(*peer);
  }
  set_private_key(config.private_key, now, out);

  // First everything is taken away that has to go, then everything is given: a prefix that moves
  // between two peers arrives whatever their order.
  const auto held = prefixes_by_slot();
  for (const PeerConfig& wish : config.peers) {
    const Peer* const peer = find(wish.public_key);
    if (peer == nullptr || peer->slot >= held.size()) continue;
    const std::set<IpPrefix> keep(wish.allowed_ips.begin(), wish.allowed_ips.end());
    for (const IpPrefix& prefix : held[peer->slot]) {
      if (!keep.contains(prefix)) allowed_ips_.erase(prefix, peer->slot);
    }
  }
  for (const PeerConfig& wish : config.peers) {
    PeerUpdate update;
    update.public_key = wish.public_key;
    update.preshared_key = wish.preshared_key.value_or(PresharedKey());
    update.persistent_keepalive = wish.persistent_keepalive;
    update.allowed_ips = wish.allowed_ips;
    const Peer* const known = find(wish.public_key);
    const bool same = known != nullptr && known->configured_endpoint == wish.endpoint;
    if (!same) update.endpoint = wish.endpoint;
    WEIR_TRY(update_peer(update, now, out));
    if (Peer* const peer = find(wish.public_key)) peer->only_destination = wish.only_destination;
  }
  return {};
}

void Engine::Core::set_private_key(const std::optional<PrivateKey>& key, Time now,
                                   EngineOutput& out) {
  tick(now);
  std::optional<X25519KeyPair> next;
  if (key && !key->is_zero()) next.emplace(*key);
  const bool same = next.has_value() == identity_.has_value() &&
                    (!next || next->private_key() == identity_->private_key());
  if (same) return;

  identity_ = std::move(next);
  checker_.reset();
  if (identity_) {
    checker_.emplace(identity_->public_key());
    if (Peer* const self = find(identity_->public_key())) remove_peer(*self);
  }
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer == nullptr) continue;
    compute_static_static(*peer);
    peer->pending.reset();
    peer->last_handshake_sent.reset();
    if (Session* const current = peer->sessions.current()) current->stop_sending();
    if (Session* const unproven = peer->sessions.next()) unproven->stop_sending();
    if (up_) send_staged(*peer, now_, out);
  }
}

Status Engine::Core::update_peer(const PeerUpdate& update, Time now, EngineOutput& out) {
  tick(now);
  Peer* peer = find(update.public_key);
  if (update.remove) {
    if (peer != nullptr) remove_peer(*peer);
    return {};
  }
  if (identity_ && identity_->public_key() == update.public_key) return {};
  if (peer == nullptr && update.update_only) return {};
  if (update.persistent_keepalive) WEIR_TRY(check_keepalive(*update.persistent_keepalive));
  WEIR_TRY(check_limits(by_key_.size() + (peer == nullptr ? 1 : 0),
                        allowed_ips_.size() + update.allowed_ips.size()));
  if (peer == nullptr) peer = &add_peer(update.public_key);
  change_peer(*peer, update, now_, out);
  return {};
}

void Engine::Core::change_peer(Peer& peer, const PeerUpdate& update, Time now, EngineOutput& out) {
  if (update.preshared_key) peer.preshared_key = *update.preshared_key;  // for the next handshake
  if (update.endpoint) set_endpoint(peer, *update.endpoint, update.endpoint_interface);
  if (update.replace_allowed_ips) allowed_ips_.erase_owner(peer.slot);
  for (const IpPrefix& prefix : update.removed_allowed_ips) {
    allowed_ips_.erase(prefix, peer.slot);
  }
  for (const IpPrefix& prefix : update.allowed_ips) allowed_ips_.insert(prefix, peer.slot);
  if (update.persistent_keepalive) set_keepalive(peer, *update.persistent_keepalive, now, out);
  if (up_) send_staged(peer, now, out);
}

void Engine::Core::set_keepalive(Peer& peer, std::chrono::seconds interval, Time now,
                                 EngineOutput& out) {
  if (peer.persistent_keepalive == interval) return;
  const bool was_off = peer.persistent_keepalive == std::chrono::seconds(0);
  peer.persistent_keepalive = interval;
  if (interval == std::chrono::seconds(0)) {
    queue_.disarm(peer, PeerTimer::persistent);
  } else if (up_) {
    queue_.arm(peer, PeerTimer::persistent, now + interval);
    if (was_off) send_keepalive(peer, now, out);
  }
}

void Engine::Core::set_endpoint(Peer& peer, const Endpoint& endpoint,
                                std::uint32_t interface_index) {
  peer.configured_endpoint = endpoint;
  // Written as IPv6, an IPv4 address would go to a socket that refuses it.
  peer.path = UdpPath{.remote = {endpoint.address.unmapped(), endpoint.port},
                      .interface_index = interface_index};
}

void Engine::Core::remove_all_peers() {
  allowed_ips_.clear();
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer != nullptr) remove_peer(*peer);
  }
}

Peer* Engine::Core::find(const PublicKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

Peer& Engine::Core::add_peer(const PublicKey& key) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(peers_.size()));
    peers_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  peers_[slot] = std::make_unique<Peer>(key, slot, peers_made_++);
  Peer& peer = *peers_[slot];
  by_key_.emplace(key, &peer);
  peer.timestamps = TimestampMaker(timestamp_floor_ns_);
  compute_static_static(peer);
  return peer;
}

void Engine::Core::remove_peer(Peer& peer) {
  const std::uint32_t slot = peer.slot;
  timestamp_floor_ns_ = std::max(timestamp_floor_ns_, peer.timestamps.last_ns());
  drop_staged(peer);
  queue_.disarm_all(peer);
  if (allowed_ips_.size() > 0) allowed_ips_.erase_owner(slot);
  by_key_.erase(peer.public_key);
  peers_[slot].reset();
  free_slots_.push_back(slot);
}

void Engine::Core::compute_static_static(Peer& peer) const {
  peer.static_static.reset();
  if (identity_) peer.static_static = identity_->agree(peer.public_key);
}

std::optional<PublicKey> Engine::Core::public_key() const {
  if (!identity_) return std::nullopt;
  return identity_->public_key();
}

std::vector<std::vector<IpPrefix>> Engine::Core::prefixes_by_slot() const {
  std::vector<std::vector<IpPrefix>> prefixes(peers_.size());
  for (const AllowedIps::Held& held : allowed_ips_.all()) {
    prefixes[held.owner].push_back(held.prefix);
  }
  return prefixes;
}

DeviceState Engine::Core::state() const {
  DeviceState device;
  if (identity_) device.private_key = identity_->private_key();
  std::vector<const Peer*> peers;
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer != nullptr) peers.push_back(peer.get());
  }
  std::ranges::sort(peers, {}, &Peer::serial);
  auto prefixes = prefixes_by_slot();
  for (const Peer* const peer : peers) {
    PeerState told;
    told.public_key = peer->public_key;
    if (!peer->preshared_key.is_zero()) told.preshared_key = peer->preshared_key;
    if (peer->path) {
      told.endpoint = peer->path->remote;
      // A link-local address of ours binds the path to an interface too, but is no part of this.
      if (told.endpoint->address.is_link_local()) {
        told.endpoint_interface = peer->path->interface_index;
      }
    }
    told.persistent_keepalive = peer->persistent_keepalive;
    told.last_handshake = peer->last_handshake;
    told.rx_bytes = peer->rx_bytes;
    told.tx_bytes = peer->tx_bytes;
    told.allowed_ips = std::move(prefixes[peer->slot]);
    device.peers.push_back(std::move(told));
  }
  return device;
}

void Engine::Core::forget_local(const IpAddress& local) {
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer == nullptr || !peer->path || peer->path->local != local) continue;
    peer->path = peer->path->without_local();
  }
}

void Engine::Core::forget_locals(const IpPrefix& remotes) {
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer == nullptr || !peer->path || !remotes.contains(peer->path->remote.address)) continue;
    peer->path = peer->path->without_local();
  }
}

}  // namespace weir
