#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/model/codec.h"
#include "common/model/revision.h"

namespace weir::agent {

/// Decides whether a revision the controller sent may take the place of the one in force.
///
/// Pure. The controller keeps the same rules; checking them again here bounds what a mistaken or
/// captured controller can do to traffic:
///   identity   mesh, agent, region and overlay address are ours
///   order      (epoch, generation) above the one in force; the same one again must be identical
///   digest, and every rule of `validate`
/// The largest step of a share is not a reason to refuse: the failover machine walks there.
class RevisionGate {
 public:
  RevisionGate(std::string mesh, MeshSelf self);

  enum class Verdict { apply, already_in_force };
  struct Admitted {
    Verdict verdict = Verdict::apply;
    Revision revision;
  };

  /// Errors: failed_precondition (not ours, or older than what is in force), data_loss,
  /// invalid_argument, resource_exhausted. The message is what the controller's operator reads.
  Result<Admitted> check(const policy::v1::Revision& message) const;

  /// `revision` has been applied, or was loaded from the disk at start.
  void now_in_force(std::shared_ptr<const Revision> revision);
  const std::shared_ptr<const Revision>& in_force() const { return in_force_; }

 private:
  Status check_identity(const Revision& revision) const;

  const std::string mesh_;
  const MeshSelf self_;
  std::shared_ptr<const Revision> in_force_;
};

}  // namespace weir::agent
