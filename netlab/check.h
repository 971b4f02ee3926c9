#pragma once

#include <string>

#include "common/async/clock.h"
#include "common/base/result.h"

namespace weir::netlab {

/// What the emulator promises on an idle machine; tests on a busy one pass wider ones.
struct CheckLimits {
  Duration added_p99 = std::chrono::microseconds(500);
  double throughput_bits_per_second = 500e6;
};

/// Brings up a lab of two namespaces with the program `self`, measures added delay, loss and
/// throughput through its link, and prints one line per figure. Takes about 10 s.
/// True when every figure is within `limits`. Errors: what kept it from measuring.
Result<bool> check_accuracy(const std::string& self, const CheckLimits& limits, Clock& clock);

}  // namespace weir::netlab
