#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"

namespace weir::agent {

/// Whether packets of full size get through on one path. A way that carries less than the tunnel's
/// interface takes, and tells nobody, loses large packets only: hellos go through, requests hang.
///
///   answered: again after 5 s      unanswered for 1 s: counted as lost, again at once
///
/// Asked while the path is up; `pause` when it is not. Pure.
class SizeProbe {
 public:
  /// The first probe goes out at `first` or later.
  explicit SizeProbe(Time first) : next_(first) {}

  /// The sequence number of a probe that is to leave now; none: nothing is due.
  std::optional<std::uint32_t> due(Time now);
  /// An answer came. One to an older probe than the newest says nothing.
  void answered(std::uint32_t sequence, Time now);
  /// The path is down: what is lost now is not lost for its size.
  void pause(Time now);

  Time next() const { return next_; }
  bool ever_sent() const { return sequence_ > 0; }
  /// The newest in a row.
  std::uint32_t lost() const { return lost_; }

 private:
  Time next_;
  std::uint32_t sequence_ = 0;
  std::uint32_t lost_ = 0;
  bool waiting_ = false;
};

}  // namespace weir::agent
