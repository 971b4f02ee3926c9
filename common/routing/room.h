#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/model/service.h"

namespace weir {

/// Limits on the requests that one source has open at its destinations at a time. What the weights
/// choose holds as long as the chosen destination has room; when it is full, the request goes to
/// one that has, in proportion to how much. So a burst, or a destination that has become slow, is
/// met by the next request, not by the next weights. With no room anywhere the weights hold.
///
/// Why requests in flight: by Little's law (J. D. C. Little, 1961) they are the rate times the time
/// each takes, so the same limit lets fewer through when a destination slows down.

/// 0 is no limit: the destination is never full, and takes nothing that was meant for others.
inline bool is_full(std::uint32_t limit, std::uint32_t in_flight) {
  return limit > 0 && in_flight >= limit;
}

/// How many more requests fit in; for others' requests. 0 without a limit.
inline double room_left(std::uint32_t limit, std::uint32_t in_flight) {
  return limit > in_flight ? static_cast<double>(limit - in_flight) : 0;
}

/// A limit as anybody may wish it, a part of it where only a part may be used: no number and what
/// is not above 0 are no limit, and a limit that exists is 1 at least.
inline std::uint32_t usable_limit(double wished, double part = 1) {
  if (!std::isfinite(wished) || wished <= 0 || part <= 0) return 0;
  const double limit = std::ceil(std::min<double>(wished * part, k_in_flight_limit_max));
  return static_cast<std::uint32_t>(std::max(1.0, limit));
}

/// What `WeightedChooser::choose_again` takes as weights when the chosen destination is full: room
/// times `overflow` (empty: 1). `in_flight` gives the requests open by index. O(destinations).
template <typename InFlight>
void measure_room(std::span<const std::uint32_t> limits, std::span<const double> overflow,
                  InFlight in_flight, std::vector<double>& room) {
  room.resize(limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    room[i] = room_left(limits[i], in_flight(i)) * (overflow.empty() ? 1 : overflow[i]);
  }
}

}  // namespace weir
