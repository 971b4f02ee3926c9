#include "controller/telemetry/rate_limit.h"

#include <algorithm>
#include <chrono>

namespace weir::controller {

bool RateLimit::allow(Time now) {
  if (last_) {
    const double seconds = std::chrono::duration<double>(now - *last_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  }
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace weir::controller
