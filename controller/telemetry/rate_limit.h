#pragma once

#include <optional>

#include "common/base/time.h"

namespace weir::controller {

/// `burst` at once and `per_second` in the long run. Plain state.
class RateLimit {
 public:
  RateLimit(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  /// Whether one more may pass now.
  bool allow(Time now);

 private:
  double per_second_;
  double burst_;
  double tokens_;
  std::optional<Time> last_;
};

}  // namespace weir::controller
