#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/bytes.h"
#include "common/offload/transport_packet.h"
#include "common/offload/vnet_header.h"

namespace weir {

/// Joins consecutive packets of a flow into large ones for one write each, as generic receive
/// offload does:
///
///     add(p1) add(q1) add(p2) add(p3)      ─▶  write: header, {p1, payload of p2, payload of p3}
///                                              write: header, {q1}
///
/// Joined are TCP packets without other flags than ACK and PSH whose sequence numbers follow on and
/// which differ in nothing else a receiver acts on, and UDP datagrams of one size; of both the last
/// may be shorter. What cannot be joined goes alone. Flows may change places with each other,
/// packets of one flow never.
///
///   memory   about 80 KB, allocated once
///   cost     no copy; a checksum pass over each packet that is joined
///   owns     nothing: packets stay where they are and unchanged, but for headers inside
///   `write_all`, until `write_all` ends
class Coalescer {
 public:
  static constexpr std::size_t k_packets_max = 1024;
  static constexpr std::size_t k_joined_max = 64;

  /// What the receiver of the writes can take.
  struct Kinds {
    bool tcp = true;
    bool udp = true;
  };
  enum class Written : std::uint8_t {
    taken,
    refused,
    too_clever,  ///< the kernel does not take a joined packet: it is written again one by one
  };

  Coalescer();

  bool full() const { return packets_used_ == k_packets_max; }
  bool empty() const { return packets_used_ == 0; }

  /// `packet` is not empty; not when `full`.
  void add(ByteSpan packet, Kinds kinds);

  struct Report {
    std::size_t taken = 0;  ///< packets, not writes
    std::size_t refused = 0;
    bool tcp_too_clever = false;
    bool udp_too_clever = false;
  };

  /// Hands everything to `write(const VnetHeader&, std::span<const iovec>) -> Written` and is empty
  /// then.
  template <typename Write>
  Report write_all(Write&& write) {
    Report report;
    for (std::size_t i = 0; i < groups_used_; ++i) write_group(groups_[i], write, report);
    packets_used_ = groups_used_ = flows_used_ = 0;
    return report;
  }

 private:
  static constexpr std::uint16_t k_none = UINT16_MAX;
  static constexpr std::size_t k_flows_max = 8;

  struct Packet {
    ByteSpan bytes;
    std::uint16_t next = k_none;
  };
  /// Packets that become one. `where` and what follows it only for those that may grow.
  struct Group {
    std::uint16_t first = k_none;
    std::uint16_t last = k_none;
    std::uint16_t count = 1;
    bool open = false;
    bool first_is_checked = false;
    bool pushed = false;  ///< a PSH was seen
    TransportPacket where{};
    std::uint16_t gso_size = 0;
    std::uint32_t next_sequence = 0;
    std::size_t size = 0;  ///< of the joined packet
  };

  template <typename Write>
  void write_group(Group& group, Write& write, Report& report) {
    const std::span<const iovec> pieces = gather(group);
    if (group.count == 1) {
      ++(write(VnetHeader{}, pieces) == Written::taken ? report.taken : report.refused);
      return;
    }
    const Saved saved = make_joined(group);
    const Written written = write(joined_header(group), pieces);
    if (written != Written::too_clever) {
      (written == Written::taken ? report.taken : report.refused) += group.count;
      return;
    }
    (group.where.tcp ? report.tcp_too_clever : report.udp_too_clever) = true;
    undo_joined(group, saved);
    for (std::uint16_t i = group.first; i != k_none; i = packets_[i].next) {
      const iovec piece{packets_[i].bytes.data(), packets_[i].bytes.size()};
      ++(write(VnetHeader{}, std::span(&piece, 1)) == Written::taken ? report.taken
                                                                     : report.refused);
    }
  }

  /// The first packet's fields that joining changes.
  struct Saved {
    std::array<std::uint8_t, 2> ip_size, ip_checksum, udp_size, checksum;
    std::uint8_t tcp_flags;
  };

  Group* find_flow(const TransportPacket& where, const std::uint8_t* packet);
  void remember_flow(std::uint16_t group);
  bool join(Group& group, const TransportPacket& where, ByteSpan packet);
  bool agrees(const Group& group, const TransportPacket& where, ByteView packet) const;
  std::span<const iovec> gather(const Group& group);
  Saved make_joined(const Group& group);
  void undo_joined(const Group& group, const Saved& saved);
  static VnetHeader joined_header(const Group& group);

  std::unique_ptr<Packet[]> packets_;
  std::unique_ptr<Group[]> groups_;
  std::size_t packets_used_ = 0;
  std::size_t groups_used_ = 0;
  /// The groups that may still grow, most recently begun last in turn.
  std::array<std::uint16_t, k_flows_max> flows_{};
  std::size_t flows_used_ = 0;
  std::array<iovec, k_joined_max> pieces_{};
};

}  // namespace weir
