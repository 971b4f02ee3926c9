#include "controller/publish/ack_book.h"

#include <algorithm>

#include "common/base/text.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_refusal_max = 500;

}  // namespace

void AckBook::hello(const AgentId& agent, const RevisionId& in_force) {
  agents_[agent].acked = in_force;
}

void AckBook::answer(const AgentId& agent, const RevisionId& id, const std::string& error) {
  AgentAck& ack = agents_[agent];
  if (!error.empty()) {
    ack.refused = id;
    ack.refusal = cut_text(error, k_refusal_max);
    return;
  }
  ack.acked = std::max(ack.acked, id);
  if (ack.acked >= ack.refused) ack.refusal.clear();
}

AgentAck AckBook::of(const AgentId& agent) const {
  const auto found = agents_.find(agent);
  return found == agents_.end() ? AgentAck{} : found->second;
}

}  // namespace weir::controller
