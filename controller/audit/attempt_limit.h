#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/base/time.h"

namespace weir::controller {

/// Which of many attempts are written down: ten at once, then one every ten seconds, so that
/// somebody who tries all day leaves a trail and does not push the rest out. Pure.
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

/// The same for each of many who try; whoever they are, no more than `k_most` are remembered.
class AttemptLimits {
 public:
  static constexpr std::size_t k_most = 1024;

  std::optional<std::uint64_t> admit(const std::string& who, Time now);

 private:
  std::map<std::string, AttemptLimit> limits_;
};

}  // namespace weir::controller
