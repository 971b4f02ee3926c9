#include "netlab/link_model.h"

#include <algorithm>

namespace weir::netlab {
namespace {

Duration time_on_wire(std::size_t bytes, std::uint64_t bits_per_second) {
  const double seconds = static_cast<double>(bytes) * 8 / static_cast<double>(bits_per_second);
  return Duration(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace

Passage LinkModel::pass(std::size_t bytes, Time now) {
  Passage passage;
  // Every packet draws the same number of times, so that changing one probability leaves the
  // other fates of a seeded run as they were.
  const bool lost = rng_.chance(settings_.loss);
  const bool duplicated = rng_.chance(settings_.duplicate);
  const bool corrupted = rng_.chance(settings_.corrupt);
  const std::uint64_t bit = rng_.below(bytes * 8);
  const std::array swings = {2 * rng_.unit() - 1, 2 * rng_.unit() - 1};

  Time departure = now;
  if (settings_.rate_bits_per_second > 0) {
    const Time start = std::max(now, sender_free_);
    if (start - now > settings_.queue) {
      passage.fate = Passage::Fate::queue_full;
      return passage;
    }
    departure = start + time_on_wire(bytes, settings_.rate_bits_per_second);
    sender_free_ = departure;
  }
  const bool too_large = settings_.mtu > 0 && bytes > settings_.mtu;
  if (lost || too_large) {  // after the queue: a lost packet has used the wire
    passage.fate = Passage::Fate::lost;
    return passage;
  }
  passage.copies = duplicated ? 2 : 1;
  for (std::size_t i = 0; i < passage.copies; ++i) passage.due[i] = arrival(departure, swings[i]);
  if (corrupted) passage.corrupted_bit = static_cast<std::int64_t>(bit);
  return passage;
}

Time LinkModel::arrival(Time departure, double swing) {
  const double jitter = swing * static_cast<double>(settings_.jitter.count());
  const Duration travel = settings_.delay + Duration(static_cast<std::int64_t>(jitter));
  Time due = departure + std::max(travel, Duration(0));
  if (!settings_.reorder) due = std::max(due, last_due_);
  last_due_ = std::max(last_due_, due);
  return due;
}

}  // namespace weir::netlab
