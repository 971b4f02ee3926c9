#pragma once

#include <algorithm>

#include "common/base/time.h"

namespace weir::agent {

/// At most `per_second` on average and `burst` at once.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  /// True when one more is allowed.
  bool take(Time now) {
    const std::chrono::duration<double> passed = std::max(now - last_, Duration(0));
    last_ = std::max(now, last_);
    tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  Time last_{};
};

}  // namespace weir::agent
