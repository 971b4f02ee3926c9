#pragma once

#include <chrono>

namespace weir {

/// Monotonic time: for intervals, timers, timeouts. Nanoseconds since an arbitrary start.
using Time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;
/// Wall time, for what people and certificates read. May jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

}  // namespace weir
