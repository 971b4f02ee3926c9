#include "common/offload/segments.h"

#include <algorithm>
#include <cstring>

#include "common/offload/checksum.h"

namespace weir {
namespace {

constexpr std::uint8_t k_fin = 0x01;
constexpr std::uint8_t k_psh = 0x08;
constexpr std::uint8_t k_cwr = 0x80;
constexpr std::uint16_t k_udp_checksum_offset = 6;

/// Where the parts of a packet to be cut lie. Unlike `read_transport_packet` it takes IP options
/// and extension headers, whose end only the kernel says; lengths in the headers are those of the
/// large packet and may be anything.
std::optional<TransportPacket> find_parts(const VnetHeader& header, ByteView packet, bool tcp) {
  if (packet.empty()) return std::nullopt;
  TransportPacket where;
  where.v4 = packet[0] >> 4 == 4;
  where.tcp = tcp;
  where.transport = header.checksum_start;
  const std::size_t ip_size = where.v4 ? std::size_t{packet[0]} % 16 * 4 : 40;
  const std::size_t least = tcp ? 20 : 8;
  if (!where.v4 && packet[0] >> 4 != 6) return std::nullopt;
  if (ip_size < 20 || where.transport < ip_size || where.transport + least > packet.size())
    return std::nullopt;
  if (where.v4 && where.transport != ip_size) return std::nullopt;
  const std::size_t size = tcp ? std::size_t{packet[where.transport + 12U]} >> 4U << 2U : 8;
  if (size < least || where.transport + size >= packet.size()) return std::nullopt;
  where.payload = static_cast<std::uint16_t>(where.transport + size);
  return where;
}

void store_sum(std::uint8_t* into, std::uint64_t sum, bool udp) {
  auto folded = static_cast<std::uint16_t>(~checksum_fold(sum));
  if (udp && folded == 0) folded = 0xffff;  // zero says that there is none
  std::memcpy(into, &folded, 2);
}

}  // namespace

std::optional<SegmentedPacket> SegmentedPacket::read(const VnetHeader& header, ByteView packet) {
  SegmentedPacket made(packet);
  const std::uint8_t gso = header.gso_type & static_cast<std::uint8_t>(~k_vnet_gso_ecn);
  if (gso == k_vnet_gso_none) {
    if ((header.flags & k_vnet_needs_checksum) == 0) return made;
    const std::size_t field = std::size_t{header.checksum_start} + header.checksum_offset;
    if (field + 2 > packet.size()) return std::nullopt;
    made.kind_ = Kind::lacks_checksum;
    made.checksum_start_ = header.checksum_start;
    made.checksum_offset_ = header.checksum_offset;
    return made;
  }
  const bool tcp = gso == k_vnet_gso_tcp4 || gso == k_vnet_gso_tcp6;
  if ((!tcp && gso != k_vnet_gso_udp) || header.gso_size == 0) return std::nullopt;
  const auto where = find_parts(header, packet, tcp);
  if (!where) return std::nullopt;
  if (tcp && where->v4 != (gso == k_vnet_gso_tcp4)) return std::nullopt;

  const std::size_t payload = packet.size() - where->payload;
  made.kind_ = tcp ? Kind::tcp : Kind::udp;
  made.where_ = *where;
  made.gso_size_ = header.gso_size;
  made.count_ = (payload + header.gso_size - 1) / header.gso_size;
  made.full_size_ = std::size_t{where->payload} + header.gso_size;
  made.last_size_ = where->payload + payload - (made.count_ - 1) * header.gso_size;
  if (made.full_size_ > 65535 + (where->v4 ? 0U : 40U)) return std::nullopt;
  return made;
}

void SegmentedPacket::write(std::size_t number, std::uint8_t* into) const {
  if (kind_ == Kind::whole || kind_ == Kind::lacks_checksum) {
    if (packet_.empty()) return;
    std::memcpy(into, packet_.data(), packet_.size());
    if (kind_ == Kind::whole) return;
    // The field holds the pseudo header's sum, which is part of what is summed.
    const bool v4 = packet_[0] >> 4 == 4;
    const bool udp = checksum_offset_ == k_udp_checksum_offset && packet_.size() >= 20 &&
                     packet_[v4 ? 9 : 6] == 17;
    store_sum(into + checksum_start_ + checksum_offset_,
              checksum_add(packet_.subspan(checksum_start_)), udp);
    return;
  }
  const std::size_t from = where_.payload + number * gso_size_;
  const std::size_t payload = std::min<std::size_t>(gso_size_, packet_.size() - from);
  std::memcpy(into, packet_.data(), where_.payload);
  std::memcpy(into + where_.payload, packet_.data() + from, payload);
  write_headers(number, payload, into);
}

void SegmentedPacket::write_headers(std::size_t number, std::size_t payload,
                                    std::uint8_t* into) const {
  const std::size_t size = where_.payload + payload;
  std::uint8_t* const transport = into + where_.transport;
  const auto transport_size = static_cast<std::uint16_t>(size - where_.transport);
  if (where_.v4) {
    store_be16(into + 2, static_cast<std::uint16_t>(size));
    store_be16(into + 4, static_cast<std::uint16_t>(load_be16(into + 4) + number));
    std::memset(into + 10, 0, 2);
    store_sum(into + 10, checksum_add({into, where_.transport}), false);
  } else {
    store_be16(into + 4, static_cast<std::uint16_t>(size - 40));
  }

  const bool last = number + 1 == count_;
  std::uint8_t* checksum = transport + k_udp_checksum_offset;
  if (where_.tcp) {
    store_be32(transport + 4,
               static_cast<std::uint32_t>(load_be32(transport + 4) + number * gso_size_));
    if (!last) transport[13] &= static_cast<std::uint8_t>(~(k_fin | k_psh));
    if (number != 0) transport[13] &= static_cast<std::uint8_t>(~k_cwr);
    checksum = transport + 16;
  } else {
    store_be16(transport + 4, transport_size);
  }
  std::memset(checksum, 0, 2);
  store_sum(
      checksum,
      checksum_add({transport, transport_size}, pseudo_header_sum(where_, into, transport_size)),
      !where_.tcp);
}

}  // namespace weir
