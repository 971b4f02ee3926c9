// What traces tell of a round.

#include <set>
#include <utility>

#include "controller/app/control_round.h"

namespace weir::controller {

/// One for each service and whoever changed it; before the round becomes the state.
std::vector<DecisionTraces::Publication> ControlPlane::to_trace(const Round& round) const {
  if (!parts_.traces) return {};
  const PublicationDraft& draft = *round.draft;
  const std::set<AgentId> renewed(draft.agents.begin(), draft.agents.end());
  std::map<std::pair<ServiceName, std::string>, DecisionTraces::Publication> found;
  for (const WeightChange& change : draft.changes) {
    DecisionTraces::Publication& made = found[{change.service, change.by}];
    made.service = change.service;
    made.by = change.by;
    made.id = change.id;
    made.from.insert(change.from);
    made.guards.merge(rules_of(change));
    for (const AgentRecord& agent : agents_) {
      if (agent.region != change.from || !renewed.contains(agent.id)) continue;
      if (hub_.find(agent.id) == nullptr) {
        ++made.absent;
      } else {
        made.told.emplace(agent.id, agent.region);
      }
    }
  }
  std::vector<DecisionTraces::Publication> traced;
  for (auto& [key, made] : found) {
    made.begin = round.begun;
    made.guarded = round.guarded;
    made.stored = parts_.clock.now();
    traced.push_back(std::move(made));
  }
  return traced;
}

}  // namespace weir::controller
