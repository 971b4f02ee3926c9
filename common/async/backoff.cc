#include "common/async/backoff.h"

#include <algorithm>

namespace weir {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, Rng rng)
    : first_(first), longest_(longest), ceiling_(first), rng_(rng) {}

std::chrono::milliseconds Backoff::next() {
  const auto half = ceiling_ / 2;
  const auto drawn = half + std::chrono::milliseconds(rng_.below(
                                static_cast<std::uint64_t>((ceiling_ - half).count()) + 1));
  ceiling_ = std::min(ceiling_ * 2, longest_);
  return drawn;
}

void Backoff::reset() { ceiling_ = first_; }

}  // namespace weir
