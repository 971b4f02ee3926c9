#pragma once

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "common/base/time.h"

namespace weir::agent {

/// Smoothed round trip time and its deviation, with the weights TCP uses (RFC 6298).
class RttEstimate {
 public:
  void add(Duration rtt) {
    rtt = std::max(rtt, Duration(1));
    if (!smoothed_) {
      smoothed_ = rtt;
      deviation_ = rtt / 2;
      return;
    }
    const Duration off = std::max(rtt - *smoothed_, *smoothed_ - rtt);
    deviation_ += (off - deviation_) / 4;
    *smoothed_ += (rtt - *smoothed_) / 8;
  }

  /// None before the first sample.
  std::optional<Duration> smoothed() const { return smoothed_; }

  /// How long to wait for an answer before it counts as missing: the round trip, four deviations,
  /// but never less than 20 ms nor more than a quarter of the round trip on top.
  std::optional<Duration> patience() const {
    if (!smoothed_) return std::nullopt;
    const Duration least = std::chrono::milliseconds(20);
    return *smoothed_ + std::clamp(4 * deviation_, least, std::max(least, *smoothed_ / 4));
  }

 private:
  std::optional<Duration> smoothed_;
  Duration deviation_{0};
};

}  // namespace weir::agent
