#pragma once

#include <string>

#include "common/model/service_policy.h"

namespace weir::controller {

/// Why this wish must not move anything; empty: nothing is wrong with it. Tables of another size, a
/// share that is no number, below 0 or where it is not allowed, a source without any.
std::string flaw_of(const ServiceWish& wish, const ServiceSetting& setting);

/// How an interval came out against what a wish expected of it, all pairs with enough requests
/// together.
struct Outcome {
  double ended = 0;      // requests
  double in_slo = 0;     // of them, seen
  double expected = 0;   // of them, expected
  double deviation = 0;  // standard deviation of the luck in `in_slo`
  /// So far below the expectation that neither luck nor a small error of the model explains it.
  bool disappointing() const;
};

/// Pairs the wish expects nothing of do not count. O(regions^2).
Outcome outcome_of(const ServiceWish& wish, const ServiceObservation& seen);

}  // namespace weir::controller
