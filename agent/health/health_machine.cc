#include "agent/health/health_machine.h"

#include <algorithm>

namespace weir::agent {

namespace {

constexpr Duration k_first_spread = std::chrono::milliseconds(50);
constexpr Duration k_recheck = std::chrono::milliseconds(100);

}  // namespace

HealthMachine::HealthMachine(const HealthCheckSpec& spec, Rng rng, Time now,
                             std::optional<bool> before)
    : interval_(std::max<Duration>(spec.interval, std::chrono::milliseconds(10))),
      rise_(std::max(spec.rise, 1)),
      fall_(std::max(spec.fall, 1)),
      jitter_(std::clamp(spec.jitter.value(), 0.0, 1.0)),
      rng_(rng),
      known_(before) {
  const Duration spread = std::min(interval_, k_first_spread);
  next_check_ =
      now +
      Duration(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(spread.count()))));
}

std::optional<bool> HealthMachine::on_result(bool passed, Time now) {
  const bool news = !known_ || passed != *known_;
  run_ = news ? run_ + 1 : 0;
  const bool enough = !known_ || run_ >= (passed ? rise_ : fall_);
  if (news && enough) {
    known_ = passed;
    run_ = 0;
    next_check_ = now + wait(1);
    return passed;
  }
  next_check_ = now + wait(news ? 0.5 : 1);
  return std::nullopt;
}

std::optional<bool> HealthMachine::on_broken_request(Time now) {
  next_check_ = std::min(next_check_, now + std::min(k_recheck, interval_ / 2));
  if (!healthy()) {
    // It spoke up in the middle of a rise: begin that again.
    run_ = 0;
    return std::nullopt;
  }
  known_ = false;
  run_ = 0;
  return false;
}

Duration HealthMachine::wait(double share) {
  const double factor = 1 + jitter_ * (2 * rng_.unit() - 1);
  return Duration(
      static_cast<std::int64_t>(share * factor * static_cast<double>(interval_.count())));
}

}  // namespace weir::agent
