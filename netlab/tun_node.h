#pragma once

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/os/fd.h"
#include "netlab/topology.h"

namespace weir::netlab {

/// The device `net0` of one node, seen from outside its namespace: reads what the node sends and
/// writes what it receives. Nothing blocks.
class TunNode {
 public:
  /// Makes the device in the node's namespace, with its addresses, up.
  /// Errors: unavailable (names what failed and why).
  static Result<TunNode> create(const Topology& topology, const Node& node);

  int fd() const { return device_.get(); }
  /// The next packet the node sent, into `buffer`; empty when there is none now.
  ByteView receive(ByteSpan buffer) const;
  /// False when the device refuses it: queue full, device down, or no IP packet.
  bool deliver(ByteView packet) const;

 private:
  explicit TunNode(Fd device) : device_(std::move(device)) {}
  Fd device_;
};

}  // namespace weir::netlab
