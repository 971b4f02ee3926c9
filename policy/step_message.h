#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/model/service.h"
#include "common/model/service_policy.h"

namespace weir::policy {

/// The policy step protocol's lines as values; docs/policy-step.md is its reference.

/// One service of the first line.
struct StepService {
  ServiceSetting setting;
  std::vector<GuardSpec> guards;  // by source; residency holds exactly what is permitted and served
};

struct StepInit {
  std::vector<RegionName> regions;
  std::map<std::string, std::size_t, std::less<>> region_index;
  std::vector<StepService> services;
  std::map<std::string, std::size_t, std::less<>> service_index;
};

/// One service in one interval. `seen.t_ms` is unknown when the line did not say.
struct StepObservation {
  std::size_t service = 0;
  ServiceObservation seen;
};

using StepLine = std::variant<StepInit, StepObservation>;

}  // namespace weir::policy
