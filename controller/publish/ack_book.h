#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/base/ids.h"
#include "common/model/revision.h"

namespace weir::controller {

/// What one agent said about what it was sent.
struct AgentAck {
  RevisionId acked;     // the newest in force there, from its Hello or an ACK
  RevisionId refused;   // the newest it refused; {0, 0}: none
  std::string refusal;  // why, in the agent's words; empty once a newer one is in force
  friend bool operator==(const AgentAck&, const AgentAck&) = default;
};

/// Who has applied what. Plain state; nothing of it is kept over a restart, as each agent says it
/// again in its Hello.
class AckBook {
 public:
  /// A session began with `in_force`.
  void hello(const AgentId& agent, const RevisionId& in_force);
  /// `error` empty: applied. Texts are cut after 500 bytes.
  void answer(const AgentId& agent, const RevisionId& id, const std::string& error);
  void forget(const AgentId& agent) { agents_.erase(agent); }

  /// All zero for an agent not heard of.
  AgentAck of(const AgentId& agent) const;

 private:
  std::map<AgentId, AgentAck> agents_;
};

}  // namespace weir::controller
