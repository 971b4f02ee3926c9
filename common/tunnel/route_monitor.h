#pragma once

#include <vector>

#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/os/fd.h"

namespace weir {

/// Tells which destinations are reached another way than before, in the network namespace of its
/// creation. One thread.
class RouteMonitor {
 public:
  /// Errors: unavailable.
  static Result<RouteMonitor> create();

  /// Readable when routes changed.
  int poll_fd() const { return netlink_.get(); }

  /// The destinations of routes that came or went since the last call; everything when there were
  /// too many to tell.
  std::vector<IpPrefix> take_changes();

 private:
  explicit RouteMonitor(Fd netlink) : netlink_(std::move(netlink)) {}

  Fd netlink_;
};

}  // namespace weir
