#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "netlab/command.h"
#include "netlab/link_model.h"
#include "netlab/topology.h"

namespace weir::netlab {

/// What happened on one direction of a link. At any moment
///   offered + duplicated = delivered + lost + queue_full + cut + overflow + refused + in_flight.
struct LinkCounters {
  std::uint64_t offered = 0;  // packets the sender put on it
  std::uint64_t offered_bytes = 0;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t lost = 0;        // by the link's loss
  std::uint64_t queue_full = 0;  // by its rate
  std::uint64_t cut = 0;         // while it was cut, and in flight when it was
  std::uint64_t overflow = 0;    // the hub held its limit of bytes
  std::uint64_t refused = 0;     // the receiver's device took it not
  std::uint64_t in_flight = 0;
};

/// All links of a lab: packets and time in, packets at their due time out. Pure, one thread.
///
/// A packet is routed by its destination address to the node that owns the address, over the
/// directed link between the two nodes. Each directed link has its own seeded randomness, so what
/// happens on one does not shift the fates of another.
///
///   memory  at most `k_held_bytes_max` of packets in flight; more are dropped and counted
///   cost    accept and take_due O(log packets in flight), no allocation once warm
class Hub {
 public:
  static constexpr std::size_t k_held_bytes_max = 256U << 20;

  struct Delivery {
    std::size_t link = 0;
    std::size_t node = 0;  // the receiver
    ByteView packet;       // valid until the next call of accept or take_due
  };

  explicit Hub(Topology topology);

  /// A packet from `node`. Returns the link it was offered to; nothing when its destination is no
  /// node's address or no link leads there (counted as unroutable).
  std::optional<std::size_t> accept(std::size_t node, ByteView packet, Time now);

  /// When the next packet is due; nothing while none is in flight.
  std::optional<Time> next_due() const;
  /// One packet that is due at `now`, in the order of due times.
  std::optional<Delivery> take_due(Time now);
  /// Takes back that `delivery` was delivered: the receiver's device refused it.
  void refuse(const Delivery& delivery);

  /// Run-time changes, by name. Errors: not_found (node or link), nothing changed.
  Status apply(const SetCommand& command);
  Status apply(const CutCommand& command);
  Status apply(const IsolateCommand& command);
  /// Back to what the topology says: not cut, first settings.
  Status apply(const HealCommand& command);

  /// Indices of the links between two nodes. Errors: not_found.
  Result<std::vector<std::size_t>> links_between(const LinkEnds& ends) const;

  const Topology& topology() const { return topology_; }
  std::size_t link_count() const { return links_.size(); }
  const LinkCounters& counters(std::size_t link) const { return links_[link].counters; }
  const LinkSettings& settings(std::size_t link) const { return links_[link].model.settings(); }
  bool is_cut(std::size_t link) const { return links_[link].cut; }
  std::uint64_t unroutable(std::size_t node) const { return unroutable_[node]; }

 private:
  struct Link {
    std::size_t from;
    std::size_t to;
    LinkModel model;
    bool cut = false;
    std::uint64_t cuts = 0;  // packets that left before the last cut never arrive
    LinkCounters counters;
  };
  struct Held {  // a packet in flight
    Time due;
    std::uint64_t order;
    std::size_t link;
    std::uint64_t cuts;
    std::size_t slot;
  };

  Result<std::size_t> node_named(const std::string& name) const;
  std::optional<std::size_t> link_index(std::size_t from, std::size_t to) const;
  void cut_link(Link& link);
  void hold(std::size_t link, ByteView packet, Time due, std::int64_t corrupted_bit);
  Held pop();

  Topology topology_;
  std::vector<Link> links_;
  std::vector<std::int32_t> link_of_;  // from * nodes + to; -1: none
  std::unordered_map<IpAddress, std::size_t> owner_;
  std::vector<std::uint64_t> unroutable_;

  std::vector<Held> heap_;
  std::vector<ByteVector> slots_;
  std::vector<std::size_t> free_slots_;
  std::size_t held_bytes_ = 0;
  std::uint64_t order_ = 0;
};

/// The whole state as one line of JSON: nodes, links, settings and counters.
std::string show_json(const Hub& hub);

}  // namespace weir::netlab
