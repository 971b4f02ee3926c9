#include "agent/session/revision_gate.h"

#include <utility>

#include "common/base/text.h"

namespace weir::agent {
namespace {

std::string to_text(RevisionId id) {
  return std::to_string(id.epoch) + "." + std::to_string(id.generation);
}

}  // namespace

RevisionGate::RevisionGate(std::string mesh, MeshSelf self)
    : mesh_(std::move(mesh)), self_(std::move(self)) {}

Result<RevisionGate::Admitted> RevisionGate::check(const policy::v1::Revision& message) const {
  WEIR_ASSIGN(revision, from_proto(message));
  WEIR_TRY(check_identity(revision));
  if (!in_force_) return Admitted{Verdict::apply, std::move(revision)};
  if (revision.id < in_force_->id) {
    return fail(Code::failed_precondition, "revision " + to_text(revision.id) + " is older than " +
                                               to_text(in_force_->id) + ", which is in force");
  }
  if (revision.id == in_force_->id) {
    if (revision.digest == in_force_->digest) {
      return Admitted{Verdict::already_in_force, std::move(revision)};
    }
    return fail(Code::failed_precondition,
                "revision " + to_text(revision.id) +
                    " is in force with other content; the controller must count up");
  }
  return Admitted{Verdict::apply, std::move(revision)};
}

Status RevisionGate::check_identity(const Revision& revision) const {
  if (revision.mesh != mesh_) {
    return fail(Code::failed_precondition,
                "mesh " + in_quotes(revision.mesh) + "; this agent is of " + mesh_);
  }
  if (revision.self != self_) {
    return fail(Code::failed_precondition,
                "it is made for " + in_quotes(revision.self.agent.value()) + " at " +
                    revision.self.overlay.to_string() + "; this agent is " + self_.agent.value() +
                    " at " + self_.overlay.to_string());
  }
  return {};
}

void RevisionGate::now_in_force(std::shared_ptr<const Revision> revision) {
  in_force_ = std::move(revision);
}

}  // namespace weir::agent
