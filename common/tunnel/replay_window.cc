#include "common/tunnel/replay_window.h"

#include <algorithm>

namespace weir {

bool ReplayWindow::accept(std::uint64_t counter) {
  const std::uint64_t word = counter / 64;
  if (counter > greatest_) {
    const std::uint64_t newest = greatest_ / 64;
    const std::uint64_t fresh = std::min(word - newest, k_words);
    for (std::uint64_t i = 1; i <= fresh; ++i) seen_[(newest + i) % k_words] = 0;
    greatest_ = counter;
  } else if (greatest_ - counter >= k_reach) {
    return false;
  }
  std::uint64_t& bits = seen_[word % k_words];
  const std::uint64_t bit = std::uint64_t{1} << (counter % 64);
  const bool fresh = (bits & bit) == 0;
  bits |= bit;
  return fresh;
}

}  // namespace weir
