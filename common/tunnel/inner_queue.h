#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/result.h"
#include "common/offload/segments.h"
#include "common/tunnel/tun.h"

namespace weir {

/// Packets between the TUN interface and the engine. The kernel's own queue there is first in,
/// first out and counts packets, of up to 64 KB: a ping waits in it for all that the TCP flows of
/// the host have under way. So it is drained into a queue of our own, and who is next is decided
/// here:
///
///   fill: TUN ──▶ a ring of 1.5 MB ──▶ take: flow by flow
///
/// Flows are told apart by addresses, protocol and ports, take turns by bytes, and one that has
/// just begun goes first (deficit round robin with new and old flows as in RFC 8290, sections 3
/// and 4; without its CoDel part). Within a flow the order stays.
///
/// A flow may hold twice as much as is free (a dynamic threshold: Choudhury and Hahne, "Dynamic
/// queue length thresholds for shared-memory packet switches", 1998); what is more of it is
/// refused. So one alone has two thirds, and another one always finds room. Where many together
/// have filled the ring all the same, the oldest packet goes.
///
/// One thread. Cost: O(1) a packet. Memory: 1.6 MB of address space, of which the used pages are
/// resident; lone packets use the same few again and again.
class InnerQueue {
 public:
  static constexpr std::size_t k_take_max = 64;

  /// Flows that share one of 1024 buckets share its turns; who does not know `seed` cannot say
  /// which do.
  explicit InnerQueue(std::uint64_t seed);

  /// Reads what waits at the interface, up to a limit that keeps the answer quick, and no more once
  /// much was refused: what is to be dropped the kernel drops for less. Malformed packets are left
  /// out. What `take` gave is no longer valid. Errors: not_found (the interface is gone).
  Status fill(TunIo& tun);

  /// The packets that go next, at most k_take_max and 192 KB; valid until the next call of either.
  std::span<const SegmentedPacket> take();

  bool empty() const { return waiting_ == 0; }
  /// Packets on the wire for which there was no room, since the last call.
  std::uint64_t take_dropped();

 private:
  static constexpr std::size_t k_packet_max = 65535;
  static constexpr std::size_t k_ring_bytes = 3 << 19;
  static constexpr std::size_t k_slots = 1024;
  static constexpr std::size_t k_flows = 1024;
  static constexpr std::uint16_t k_none = 0xffff;

  struct Slot {
    SegmentedPacket packet = {};
    std::uint32_t offset = 0;
    std::uint16_t flow = k_none;
    std::uint16_t next = k_none;  ///< of the flow
    bool waits = false;
  };
  struct Flow {
    enum class State : std::uint8_t { idle, fresh, old };
    std::int32_t deficit = 0;
    std::uint32_t bytes = 0;
    std::uint16_t packets = 0;
    std::uint16_t first = k_none;
    std::uint16_t last = k_none;
    std::uint16_t next = k_none;  ///< of the list of flows
    State state = State::idle;
  };
  struct Flows {
    std::uint16_t first = k_none;
    std::uint16_t last = k_none;
  };

  ByteSpan make_room();
  bool has_room();
  bool is_over_its_share(const Flow& flow) const;
  std::size_t free_bytes() const;
  void release_taken();
  void push(const SegmentedPacket& packet, std::uint16_t flow);
  SegmentedPacket pop(std::uint16_t flow);
  void append(Flows& list, std::uint16_t flow);
  std::uint16_t remove_first(Flows& list);

  const std::uint64_t seed_;
  // Not make_unique: that would touch, and so make resident, every page.
  const std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t end_ = 0;  ///< of the newest packet, in bytes_
  // In the order of arrival: slots_[first_slot_] is the oldest, slots_used_ follow in a ring.
  const std::unique_ptr<Slot[]> slots_;
  std::size_t first_slot_ = 0;
  std::size_t slots_used_ = 0;
  std::size_t waiting_ = 0;
  std::array<Flow, k_flows> flows_{};
  Flows fresh_;
  Flows old_;
  std::array<SegmentedPacket, k_take_max> taken_{};
  std::uint64_t dropped_ = 0;
};

}  // namespace weir
