#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"

namespace weir::controller {

/// Which of many refused attempts are written down: ten at once, then one every ten seconds, so
/// that somebody who guesses all day leaves a trail and does not push the rest out. Pure.
class AttemptLimit {
 public:
  /// How many were left out since the last that was written down; nothing: leave this one out too.
  std::optional<std::uint64_t> admit(Time now);

 private:
  static constexpr double k_burst = 10;
  static constexpr Duration k_interval = std::chrono::seconds(10);

  double tokens_ = k_burst;
  std::optional<Time> last_;
  std::uint64_t left_out_ = 0;
};

}  // namespace weir::controller
