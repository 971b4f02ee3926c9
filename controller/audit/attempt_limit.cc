#include "controller/audit/attempt_limit.h"

#include <algorithm>
#include <utility>

namespace weir::controller {

std::optional<std::uint64_t> AttemptLimit::admit(Time now) {
  if (last_) {
    const double waited =
        std::chrono::duration<double>(now - *last_) / std::chrono::duration<double>(k_interval);
    tokens_ = std::min(k_burst, tokens_ + std::max(0.0, waited));
  }
  last_ = now;
  if (tokens_ < 1) {
    ++left_out_;
    return std::nullopt;
  }
  tokens_ -= 1;
  return std::exchange(left_out_, 0);
}

std::optional<std::uint64_t> AttemptLimits::admit(const std::string& who, Time now) {
  if (limits_.size() >= k_most && !limits_.contains(who)) limits_.clear();
  return limits_[who].admit(now);
}

}  // namespace weir::controller
