#include "deploy/demo/load/schedule.h"

#include <cmath>

namespace weir::load {

Schedule::Schedule(Time start, double per_second) : start_(start), gap_ns_(1e9 / per_second) {}

Time Schedule::due_of(std::uint64_t number) const {
  // From the start each time: adding up gaps would add up their rounding.
  return start_ + Duration(std::llround(gap_ns_ * static_cast<double>(number)));
}

bool Schedule::take(Time now, Time& due) {
  if (now - next_due() > k_own_stall) {
    const double elapsed = static_cast<double>((now - start_).count());
    const auto current = static_cast<std::uint64_t>(std::ceil(elapsed / gap_ns_));
    skipped_ += current - next_;
    next_ = current;
  }
  if (next_due() > now) return false;
  due = next_due();
  ++next_;
  return true;
}

}  // namespace weir::load
