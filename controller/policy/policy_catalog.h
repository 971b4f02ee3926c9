#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/request_policy.h"
#include "common/model/service_policy.h"
#include "controller/policy/tuning.h"

namespace weir::controller {

/// What a policy is made from besides its service.
struct PolicyMaterial {
  Tuning tuning;  // of the kind's own tunables
  std::uint64_t seed = 1;
  std::string_view checkpoint;  // bytes of a trained checkpoint; empty: none. Read, not kept.
};

/// A policy that can be chosen by name.
struct PolicyKind {
  std::string_view name;
  std::string_view summary;  // one line for people
  std::vector<Tunable> tunables;
  bool takes_checkpoint = false;
  /// Errors: what the checkpoint is wrong about; the rest cannot fail.
  std::function<Result<std::unique_ptr<ServicePolicy>>(const ServiceSetting&,
                                                       const PolicyMaterial&)>
      make;
};

/// The same for balancers that decide request by request.
struct RequestPolicyKind {
  std::string_view name;
  std::string_view summary;
  std::vector<Tunable> tunables;
  std::function<std::unique_ptr<RequestPolicy>(const ServiceSetting&, const PolicyMaterial&)> make;
};

/// Every policy under its name, in one order everywhere: what `weir-policy list`, the controller
/// and the benches offer. Plain state; each family of policies adds its own kinds.
class PolicyCatalog {
 public:
  /// A name is taken once, among both sorts; twice is a bug.
  void add(PolicyKind kind);
  void add(RequestPolicyKind kind);

  const std::vector<PolicyKind>& kinds() const { return kinds_; }
  const std::vector<RequestPolicyKind>& request_kinds() const { return request_kinds_; }

  /// nullptr: no such policy of this sort.
  const PolicyKind* find(std::string_view name) const;
  const RequestPolicyKind* find_request(std::string_view name) const;

 private:
  std::vector<PolicyKind> kinds_;
  std::vector<RequestPolicyKind> request_kinds_;
};

}  // namespace weir::controller
