#include "agent/health/announce_inbox.h"

#include <algorithm>

#include "common/model/revision.h"

namespace weir::agent {

namespace {

constexpr Duration k_boot_silence = std::chrono::seconds(2);

}  // namespace

std::vector<AgentId> AnnounceInbox::set_peers(std::span<const OverlayPeer> peers) {
  std::unordered_map<IpAddress, Peer> next;
  for (const OverlayPeer& peer : peers) {
    auto known = peers_.extract(peer.overlay);
    if (known && known.mapped().who == peer) {
      next.insert(std::move(known));
    } else {
      if (known) peers_.insert(std::move(known));  // another agent's word: forgotten below
      next[peer.overlay].who = peer;
    }
  }
  std::vector<AgentId> gone;
  for (const auto& [address, peer] : peers_) {
    if (!peer.entries.empty()) gone.push_back(peer.who.agent);
  }
  peers_ = std::move(next);
  return gone;
}

std::optional<AgentId> AnnounceInbox::on_part(const IpAddress& from, const AnnouncePart& part,
                                              Time now) {
  const auto found = peers_.find(from);
  if (found == peers_.end() || !accept_boot(found->second, part.boot_id, now)) {
    ++refused_;
    return std::nullopt;
  }
  Peer& peer = found->second;
  peer.heard_at = now;
  const bool merged = merge(peer, part);
  const bool dropped = complete(peer, part);
  if (!merged && !dropped) return std::nullopt;
  return peer.who.agent;
}

bool AnnounceInbox::accept_boot(Peer& peer, std::uint64_t boot_id, Time now) {
  if (boot_id == peer.boot_id) return true;
  if (boot_id < peer.boot_id && now - peer.heard_at < k_boot_silence) return false;
  peer.boot_id = boot_id;
  peer.sequence = 0;
  peer.parts.clear();
  peer.missing = 0;
  for (auto& [service, entry] : peer.entries) entry.sequence = 0;
  return true;
}

/// Takes over what is not older than known. True when a value changed.
bool AnnounceInbox::merge(Peer& peer, const AnnouncePart& part) {
  bool changed = false;
  for (const ServiceHealth& service : part.services) {
    auto known = peer.entries.find(service.service);
    if (known == peer.entries.end()) {
      // A part of an older list may hold what a newer, complete one has dropped.
      if (part.sequence < peer.sequence || peer.entries.size() >= k_services_max) continue;
      known = peer.entries.emplace(service.service, Entry{}).first;
      changed = true;
    }
    Entry& entry = known->second;
    if (part.sequence < entry.sequence) continue;
    changed |= entry.healthy != service.healthy || entry.endpoints != service.endpoints;
    entry = {service.healthy, service.endpoints, part.sequence};
  }
  return changed;
}

/// Drops what a complete list does not name. True when something went.
bool AnnounceInbox::complete(Peer& peer, const AnnouncePart& part) {
  if (part.sequence < peer.sequence) return false;
  if (part.sequence > peer.sequence || peer.parts.size() != part.parts) {
    peer.sequence = part.sequence;
    peer.parts.assign(part.parts, false);
    peer.missing = part.parts;
  }
  if (peer.parts[part.part]) return false;
  peer.parts[part.part] = true;
  if (--peer.missing > 0) return false;
  const std::size_t dropped = std::erase_if(
      peer.entries, [&](const auto& entry) { return entry.second.sequence < part.sequence; });
  return dropped > 0;
}

std::vector<AgentId> AnnounceInbox::on_timer(Time now) {
  std::vector<AgentId> forgotten;
  for (auto& [address, peer] : peers_) {
    if (peer.entries.empty() || now - peer.heard_at < forget_after_) continue;
    peer.entries.clear();
    forgotten.push_back(peer.who.agent);
  }
  return forgotten;
}

std::vector<RegionHealth> AnnounceInbox::said_by(const AgentId& agent) const {
  std::vector<RegionHealth> said;
  for (const auto& [address, peer] : peers_) {
    if (peer.who.agent != agent) continue;
    for (const auto& [service, entry] : peer.entries) {
      const double share =
          entry.endpoints == 0 ? 0 : static_cast<double>(entry.healthy) / entry.endpoints;
      said.push_back({service, peer.who.region, agent, Ratio(share), entry.endpoints});
    }
  }
  return said;
}

}  // namespace weir::agent
