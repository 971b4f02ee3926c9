#include "common/offload/coalescer.h"

#include <algorithm>
#include <cstring>

#include "common/base/assert.h"
#include "common/offload/checksum.h"

namespace weir {
namespace {

constexpr std::uint8_t k_ack = 0x10;
constexpr std::uint8_t k_psh = 0x08;
constexpr std::size_t k_ip_size_max = 65535;
constexpr std::size_t k_tcp_checksum = 16;
constexpr std::size_t k_udp_checksum = 6;

/// May a packet begin a group? It carries something, and nothing in its header is for it alone.
bool may_grow(const TransportPacket& where, ByteView packet) {
  if (where.payload == packet.size()) return false;
  if (!where.tcp) return true;
  const std::uint8_t flags = packet[where.transport + 13U];
  return (flags & ~(k_ack | k_psh)) == 0 && (flags & k_ack) != 0;
}

bool without_checksum(const TransportPacket& where, const std::uint8_t* packet) {
  return !where.tcp && load_be16(packet + where.transport + k_udp_checksum) == 0;
}

/// What of the IP header must be the same: type of service, time to live, both first flags; flow
/// label.
bool same_ip(const TransportPacket& where, const std::uint8_t* a, const std::uint8_t* b) {
  if (where.v4) return a[1] == b[1] && a[8] == b[8] && (a[6] & 0xc0) == (b[6] & 0xc0);
  return std::memcmp(a, b, 4) == 0 && a[7] == b[7];
}

}  // namespace

Coalescer::Coalescer()
    : packets_(std::make_unique<Packet[]>(k_packets_max)),
      groups_(std::make_unique<Group[]>(k_packets_max)) {}

void Coalescer::add(ByteSpan packet, Kinds kinds) {
  WEIR_ASSERT(!full() && !packet.empty(), "the caller writes in time");
  const auto number = static_cast<std::uint16_t>(packets_used_++);
  packets_[number] = {packet, k_none};

  const auto where = read_transport_packet(packet);
  Group* const flow = where ? find_flow(*where, packet.data()) : nullptr;
  if (flow != nullptr) {
    if (join(*flow, *where, packet)) {
      packets_[flow->last].next = number;
      flow->last = number;
      return;
    }
    // Later packets of this flow come after this one.
    flow->open = false;
  }

  const auto place = static_cast<std::uint16_t>(groups_used_++);
  Group& group = groups_[place];
  group = Group{};
  group.first = group.last = number;
  if (!where) return;
  group.where = *where;
  if (!(where->tcp ? kinds.tcp : kinds.udp) || !may_grow(*where, packet)) return;
  group.open = true;
  group.size = packet.size();
  group.gso_size = static_cast<std::uint16_t>(packet.size() - where->payload);
  if (where->tcp) {
    group.pushed = (packet[where->transport + 13U] & k_psh) != 0;
    group.open = !group.pushed;
    group.next_sequence = load_be32(packet.data() + where->transport + 4) + group.gso_size;
  }
  if (group.open) remember_flow(place);
}

/// The open group of the same addresses, ports and protocol.
Coalescer::Group* Coalescer::find_flow(const TransportPacket& where, const std::uint8_t* packet) {
  for (std::size_t i = 0; i < flows_used_; ++i) {
    Group& group = groups_[flows_[i]];
    if (!group.open || group.where.v4 != where.v4 || group.where.tcp != where.tcp) continue;
    const std::uint8_t* const first = packets_[group.first].bytes.data();
    const ByteView theirs = group.where.addresses(first);
    if (std::memcmp(first + where.transport, packet + where.transport, 4) == 0 &&
        std::memcmp(theirs.data(), where.addresses(packet).data(), theirs.size()) == 0) {
      return &group;
    }
  }
  return nullptr;
}

void Coalescer::remember_flow(std::uint16_t group) {
  for (std::size_t i = 0; i < flows_used_; ++i) {
    if (groups_[flows_[i]].open) continue;
    flows_[i] = group;
    return;
  }
  if (flows_used_ < k_flows_max) {
    flows_[flows_used_++] = group;
    return;
  }
  // The one that was begun first makes room.
  const auto oldest = std::ranges::min_element(flows_);
  groups_[*oldest].open = false;
  *oldest = group;
}

bool Coalescer::agrees(const Group& group, const TransportPacket& where, ByteView packet) const {
  const std::uint8_t* const first = packets_[group.first].bytes.data();
  if (where.payload != group.where.payload || !same_ip(where, first, packet.data())) return false;
  if (where.v4) {
    // What the kernel cuts again gets numbers that count up; packets that may not be cut may all
    // have one number.
    const auto id = load_be16(packet.data() + 4);
    const auto first_id = load_be16(first + 4);
    const bool counts = id == static_cast<std::uint16_t>(first_id + group.count);
    if (!counts && !((packet[6] & 0x40) != 0 && id == first_id)) return false;
  }
  const std::uint8_t* const ours = first + where.transport;
  const std::uint8_t* const theirs = packet.data() + where.transport;
  if (!where.tcp) return without_checksum(where, first) == without_checksum(where, packet.data());
  // Acknowledgement and data offset; window; urgent pointer and options.
  return load_be32(theirs + 4) == group.next_sequence &&
         std::memcmp(ours + 8, theirs + 8, 5) == 0 && std::memcmp(ours + 14, theirs + 14, 2) == 0 &&
         std::memcmp(ours + 18, theirs + 18, where.payload - where.transport - 18U) == 0;
}

bool Coalescer::join(Group& group, const TransportPacket& where, ByteSpan packet) {
  const std::size_t payload = packet.size() - where.payload;
  if (!may_grow(where, packet) || payload > group.gso_size || group.count == k_joined_max)
    return false;
  if (group.size + payload > k_ip_size_max || !agrees(group, where, packet)) return false;
  if (!group.first_is_checked) {
    if (!checksum_is_right(group.where, packets_[group.first].bytes)) return false;
    group.first_is_checked = true;
  }
  if (!checksum_is_right(where, packet)) return false;

  ++group.count;
  group.size += payload;
  group.next_sequence += static_cast<std::uint32_t>(payload);
  group.pushed = where.tcp && (packet[where.transport + 13U] & k_psh) != 0;
  group.open = payload == group.gso_size && !group.pushed;
  return true;
}

std::span<const iovec> Coalescer::gather(const Group& group) {
  std::size_t used = 0;
  for (std::uint16_t i = group.first; i != k_none; i = packets_[i].next) {
    const ByteSpan bytes = packets_[i].bytes;
    const ByteSpan piece = used == 0 ? bytes : bytes.subspan(group.where.payload);
    pieces_[used++] = {piece.data(), piece.size()};
  }
  return {pieces_.data(), used};
}

Coalescer::Saved Coalescer::make_joined(const Group& group) {
  std::uint8_t* const packet = packets_[group.first].bytes.data();
  std::uint8_t* const transport = packet + group.where.transport;
  std::uint8_t* const checksum = transport + (group.where.tcp ? k_tcp_checksum : k_udp_checksum);
  Saved saved{};
  std::memcpy(saved.ip_size.data(), packet + (group.where.v4 ? 2 : 4), 2);
  std::memcpy(saved.ip_checksum.data(), packet + 10, 2);
  std::memcpy(saved.udp_size.data(), transport + 4, 2);
  std::memcpy(saved.checksum.data(), checksum, 2);
  saved.tcp_flags = group.where.tcp ? transport[13] : std::uint8_t{0};

  const std::size_t size = group.size - group.where.transport;
  if (group.where.v4) {
    store_be16(packet + 2, static_cast<std::uint16_t>(group.size));
    write_ipv4_checksum(packet);
  } else {
    store_be16(packet + 4, static_cast<std::uint16_t>(group.size - 40));
  }
  if (group.where.tcp) {
    if (group.pushed) transport[13] |= k_psh;
  } else {
    store_be16(transport + 4, static_cast<std::uint16_t>(size));
  }
  // What `k_vnet_needs_checksum` asks for: the pseudo header's part.
  const std::uint16_t partial = checksum_fold(pseudo_header_sum(group.where, packet, size));
  std::memcpy(checksum, &partial, 2);
  return saved;
}

void Coalescer::undo_joined(const Group& group, const Saved& saved) {
  std::uint8_t* const packet = packets_[group.first].bytes.data();
  std::uint8_t* const transport = packet + group.where.transport;
  std::memcpy(packet + (group.where.v4 ? 2 : 4), saved.ip_size.data(), 2);
  if (group.where.v4) std::memcpy(packet + 10, saved.ip_checksum.data(), 2);
  if (group.where.tcp) {
    transport[13] = saved.tcp_flags;
  } else {
    std::memcpy(transport + 4, saved.udp_size.data(), 2);
  }
  std::memcpy(transport + (group.where.tcp ? k_tcp_checksum : k_udp_checksum),
              saved.checksum.data(), 2);
}

VnetHeader Coalescer::joined_header(const Group& group) {
  VnetHeader header;
  header.flags = k_vnet_needs_checksum;
  header.gso_type = !group.where.tcp ? k_vnet_gso_udp
                    : group.where.v4 ? k_vnet_gso_tcp4
                                     : k_vnet_gso_tcp6;
  header.header_size = group.where.payload;
  header.gso_size = group.gso_size;
  header.checksum_start = group.where.transport;
  header.checksum_offset = group.where.tcp ? k_tcp_checksum : k_udp_checksum;
  return header;
}

}  // namespace weir
