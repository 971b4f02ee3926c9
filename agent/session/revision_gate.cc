#include "agent/session/revision_gate.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/text.h"

namespace weir::agent {
namespace {

/// Weights are whole numbers, so a share the controller cut to the step may lie this far past it.
constexpr double k_rounding = 0.005;

std::string to_text(RevisionId id) {
  return std::to_string(id.epoch) + "." + std::to_string(id.generation);
}

std::map<RegionName, double> shares_of(const std::vector<Weight>& weights) {
  double sum = 0;
  for (const Weight& weight : weights) sum += weight.weight;
  std::map<RegionName, double> shares;
  for (const Weight& weight : weights) {
    shares[weight.region] = sum > 0 ? static_cast<double>(weight.weight) / sum : 0;
  }
  return shares;
}

/// The largest change of any destination's share between the two.
double largest_step(const std::vector<Weight>& before, const std::vector<Weight>& after) {
  auto old_shares = shares_of(before);
  double largest = 0;
  for (const auto& [region, share] : shares_of(after)) {
    largest = std::max(largest, std::abs(share - old_shares[region]));
    old_shares.erase(region);
  }
  for (const auto& [region, share] : old_shares) largest = std::max(largest, share);
  return largest;
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
  WEIR_TRY(check_steps(revision));
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

Status RevisionGate::check_steps(const Revision& revision) const {
  // A new epoch is a controller that lost its count: there is no step to speak of.
  if (revision.id.epoch != in_force_->id.epoch) return {};
  const auto generations = static_cast<double>(revision.id.generation - in_force_->id.generation);
  for (const ServicePlan& plan : revision.services) {
    const auto before = std::ranges::find(in_force_->services, plan.service, &ServicePlan::service);
    if (before == in_force_->services.end() || before->guards != plan.guards) continue;
    const double step = largest_step(before->weights, plan.weights);
    const double allowed = plan.guards.max_step.value() * generations + k_rounding;
    if (step > allowed) {
      return fail(Code::failed_precondition, "service " + plan.service.value() +
                                                 ": a share moves by " + std::to_string(step) +
                                                 " in one revision; the guard allows " +
                                                 std::to_string(plan.guards.max_step.value()));
    }
  }
  return {};
}

void RevisionGate::now_in_force(std::shared_ptr<const Revision> revision) {
  in_force_ = std::move(revision);
}

}  // namespace weir::agent
