#include "controller/registry/registry.h"

#include <utility>

#include "common/base/bytes.h"

namespace weir::controller {

Status Registry::put(AgentRecord agent) {
  const AgentRecord* holder = find_key(agent.public_key);
  if (holder != nullptr && holder->id != agent.id) {
    return fail(Code::already_exists, "agent " + agent.id.value() + " has the WireGuard key " +
                                          to_base64(agent.public_key) + " of agent " +
                                          holder->id.value());
  }
  remove(agent.id);
  by_key_.emplace(agent.public_key, agent.id);
  const AgentId id = agent.id;
  agents_.emplace(id, std::move(agent));
  return {};
}

void Registry::remove(const AgentId& agent) {
  const auto found = agents_.find(agent);
  if (found == agents_.end()) return;
  by_key_.erase(found->second.public_key);
  agents_.erase(found);
}

const AgentRecord* Registry::find(const AgentId& agent) const {
  const auto found = agents_.find(agent);
  return found == agents_.end() ? nullptr : &found->second;
}

const AgentRecord* Registry::find_key(const PublicKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : find(found->second);
}

const AgentRecord* Registry::find_overlay(const IpAddress& address) const {
  for (const auto& [id, agent] : agents_) {
    if (agent.overlay == address) return &agent;
  }
  return nullptr;
}

std::optional<RegionName> Registry::region_of(const ClusterName& cluster,
                                              const AgentId& except) const {
  for (const auto& [id, agent] : agents_) {
    if (agent.cluster == cluster && id != except) return agent.region;
  }
  return std::nullopt;
}

std::vector<AgentRecord> Registry::all() const {
  std::vector<AgentRecord> agents;
  agents.reserve(agents_.size());
  for (const auto& [id, agent] : agents_) agents.push_back(agent);
  return agents;
}

}  // namespace weir::controller
