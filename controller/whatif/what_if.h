#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/service.h"
#include "common/model/service_policy.h"
#include "controller/whatif/back_test.h"
#include "controller/whatif/changes.h"
#include "controller/whatif/limits.h"

namespace weir::controller {

/// One service and what is asked about it. Owns all it needs, so that it can be answered on another
/// thread.
struct WhatIf {
  ServiceSetting setting;
  ServicePlan plan;
  std::vector<ServiceObservation> seen;  // oldest first

  std::string policy;  // its name
  std::function<Result<std::unique_ptr<ServicePolicy>>(const ServiceSetting&)> make_policy;
  bool policy_in_force = false;  // else the configured weights are
  bool limits = true;            // whether the policy's limits on requests in flight count

  Changes changes;
  bool replay = false;     // demand as recorded, else its mean of the last minute
  double for_ms = 60'000;  // after the change
  double tolerated = 0.01;
  std::uint64_t seed = 1;

  static constexpr double k_for_min_ms = 10'000;
  static constexpr double k_for_max_ms = 3'600'000;
};

struct Answer {
  struct Column {
    Prediction prediction;
    bool in_force = false;
    std::vector<BrokenLimit> broken;
  };
  std::vector<RegionName> regions;
  Prediction now;
  Column configured;
  Column steered;
  std::size_t fitted = 0;  // intervals
  std::vector<std::string> notes;
  std::optional<BackTest> back_test;
  std::string no_back_test;  // why there is none
  /// The model before any change, with demand as it was recorded: for others to simulate.
  Scenario world = {};
};

/// Requests of one run that are simulated at most: some seconds of one core.
inline constexpr double k_simulated_requests_max = 3e6;

/// Pure; the same question and seed give the same answer. Static and steered meet the same
/// requests. Errors: invalid_argument, failed_precondition, those of `make_policy`; cancelled once
/// `stop`.
Result<Answer> answer(const WhatIf& question, const StopAsked& stop);

}  // namespace weir::controller
