#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "agent/health/announce_message.h"
#include "common/base/time.h"
#include "common/model/observation.h"

namespace weir::agent {

/// What the other agents say about their servers, the newest word of each.
///
/// Newer is a larger (boot id, sequence); a smaller boot id counts again once the larger one has
/// been silent for 2 s, so that a clock set back does not silence an agent for ever. An entry holds
/// until a whole newer list came without it. Pure.
class AnnounceInbox {
 public:
  explicit AnnounceInbox(Duration forget_after) : forget_after_(forget_after) {}

  /// Returns the agents about which something was known and that are no peers any more.
  std::vector<AgentId> set_peers(std::span<const OverlayPeer> peers);

  /// The agent if what it says is different from before.
  std::optional<AgentId> on_part(const IpAddress& from, const AnnouncePart& part, Time now);

  /// The agents that have been silent for too long: what they said is forgotten.
  std::vector<AgentId> on_timer(Time now);

  /// All that `agent` says now, ordered by service.
  std::vector<RegionHealth> said_by(const AgentId& agent) const;

  /// Parts from no peer or from an older start of one.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Entry {
    std::uint32_t healthy = 0;
    std::uint32_t endpoints = 0;
    std::uint64_t sequence = 0;
  };
  struct Peer {
    OverlayPeer who;
    std::uint64_t boot_id = 0;
    Time heard_at{};
    std::map<ServiceName, Entry> entries;
    // The list being put together.
    std::uint64_t sequence = 0;
    std::vector<bool> parts;
    std::size_t missing = 0;
  };
  static bool accept_boot(Peer& peer, std::uint64_t boot_id, Time now);
  static bool merge(Peer& peer, const AnnouncePart& part);
  static bool complete(Peer& peer, const AnnouncePart& part);

  const Duration forget_after_;
  std::unordered_map<IpAddress, Peer> peers_;
  std::uint64_t refused_ = 0;
};

}  // namespace weir::agent
