#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "controller/registry/agent_record.h"

namespace weir::controller {

/// The agents of the mesh, by name and by WireGuard key: plain state, no clock, disk or lock.
///
/// Invariant: a name and a key belong to one agent at most. Pointers are valid until the next
/// change. Cost: O(log n).
class Registry {
 public:
  /// Adds the agent or replaces the one of the same name.
  /// Errors: already_exists (another agent has the key; nothing changed).
  Status put(AgentRecord agent);
  /// Removing an unknown agent is not an error.
  void remove(const AgentId& agent);

  const AgentRecord* find(const AgentId& agent) const;
  const AgentRecord* find_key(const PublicKey& key) const;
  /// O(agents).
  const AgentRecord* find_overlay(const IpAddress& address) const;
  /// The region in which a cluster has agents, `except` not counted: a cluster lies in one region.
  /// O(n).
  std::optional<RegionName> region_of(const ClusterName& cluster, const AgentId& except = {}) const;
  /// By name.
  std::vector<AgentRecord> all() const;
  std::size_t size() const { return agents_.size(); }

 private:
  std::map<AgentId, AgentRecord> agents_;
  std::map<PublicKey, AgentId> by_key_;
};

}  // namespace weir::controller
