#pragma once

#include <array>
#include <cstdint>

#include "common/base/time.h"

namespace weir::agent {

/// How many requests may be sent a second time, so that a fault that fails everything cannot
/// multiply the load: at most a fifth of the requests of the last ten seconds, and ten besides, so
/// that a quiet service can retry as well.
///
/// A retry budget as in Beyer et al., "Site Reliability Engineering" (O'Reilly 2016), chapter 21,
/// "Client-side throttling" and "Deciding to retry"; the share over a sliding window with a floor
/// is the form of Finagle's RetryBudget. Pure; the caller gives the time, which never runs back.
/// Cost O(1), ten slices of memory.
class RetryBudget {
 public:
  static constexpr Duration k_window = std::chrono::seconds(10);
  static constexpr std::uint64_t k_share_percent = 20;
  static constexpr std::uint64_t k_floor = 10;

  /// A request came, to be tried for the first time.
  void request(Time now);
  /// Whether one more may be sent again; counted when it may.
  bool take(Time now);

 private:
  static constexpr std::size_t k_slices = 10;
  struct Slice {
    std::int64_t number = -1;  // of the slice of time it counts
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
  };
  static std::int64_t number_at(Time now);
  Slice& slice_at(Time now);

  std::array<Slice, k_slices> slices_;
};

}  // namespace weir::agent
