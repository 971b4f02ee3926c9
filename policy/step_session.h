#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/routing/cost_ceiling.h"
#include "controller/policy/policy_catalog.h"
#include "policy/step_codec.h"

namespace weir::policy {

/// One run of the policy step protocol: a line in, a line out. Pure: no clock and no descriptor.
///
///   waiting --init--> running --observe--> running ...
///   anything else: an error line, nothing changes, `failed()` from then on
///
/// Every answer passes the guards: cost, residency, minimum share, largest step from the weights
/// answered before, or from the static ones before the first answer. Each service has a policy of
/// its own, seeded by the seed and its place among the services.
class StepSession {
 public:
  /// `kind` outlives the session; `material.checkpoint` is kept as bytes.
  StepSession(const controller::PolicyKind& kind, controller::PolicyMaterial material,
              std::string version);

  /// The answer to one line, both without the line end.
  std::string answer(std::string_view line);
  /// The answer to a line that was too long to be taken in.
  std::string answer_too_long();

  /// True after an error line.
  bool failed() const { return failed_; }

 private:
  struct Steered {
    std::unique_ptr<ServicePolicy> policy;
    std::vector<std::vector<Weight>> weights;  // by source: the last answer
    CostCeiling cost;
    double t_ms = k_unknown;
  };
  Result<std::string> take(std::string_view line);
  Result<std::string> start(StepInit init);
  Result<std::string> step(StepObservation observation);
  std::string refuse(std::string_view message);

  const controller::PolicyKind& kind_;
  const std::string checkpoint_;
  controller::PolicyMaterial material_;
  const std::string version_;
  std::unique_ptr<StepInit> init_;
  std::vector<Steered> services_;
  std::size_t lines_ = 0;
  bool failed_ = false;
};

}  // namespace weir::policy
