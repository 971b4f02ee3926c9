#pragma once

#include <cstdint>
#include <span>

#include "common/base/result.h"
#include "controller/whatif/fit.h"

namespace weir::controller {

/// How far off the model is: fitted to the first part of what was seen, it predicts the rest.
struct BackTest {
  struct Figures {
    double in_objective = 1;
    double p50_ms = 0;
    double p99_ms = 0;
  };
  std::size_t fitted = 0;     // intervals
  std::size_t predicted = 0;  // intervals
  double requests = 0;        // in those
  Figures seen;
  Figures model;
};

/// The demand and the weights of the predicted part are given, the answers are not. The last third,
/// at most a minute. Errors: failed_precondition (less than 40 s were seen), those of `fit`.
Result<BackTest> back_test(const ServiceSetting& setting, const ServicePlan& plan,
                           std::span<const ServiceObservation> seen, std::uint64_t seed,
                           const StopAsked& stop);

}  // namespace weir::controller
