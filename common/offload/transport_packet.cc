#include "common/offload/transport_packet.h"

#include <cstring>

#include "common/offload/checksum.h"

namespace weir {
namespace {

constexpr std::uint8_t k_tcp = 6;
constexpr std::uint8_t k_udp = 17;
constexpr std::size_t k_tcp_header_min = 20;
constexpr std::size_t k_udp_header = 8;

}  // namespace

std::optional<TransportPacket> read_transport_packet(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  TransportPacket found;
  std::uint8_t protocol = 0;
  if (packet[0] == 0x45) {
    if (packet.size() < 20 || load_be16(packet.data() + 2) != packet.size()) return std::nullopt;
    if ((load_be16(packet.data() + 6) & 0x3fff) != 0)
      return std::nullopt;  // more fragments, or not the first
    found.transport = 20;
    protocol = packet[9];
  } else if (packet[0] >> 4 == 6) {
    if (packet.size() < 40 || load_be16(packet.data() + 4) + std::size_t{40} != packet.size())
      return std::nullopt;
    found.v4 = false;
    found.transport = 40;
    protocol = packet[6];
  } else {
    return std::nullopt;
  }

  const std::size_t rest = packet.size() - found.transport;
  const std::uint8_t* const header = packet.data() + found.transport;
  if (protocol == k_tcp) {
    if (rest < k_tcp_header_min) return std::nullopt;
    const std::size_t size = std::size_t{header[12]} >> 4U << 2U;
    if (size < k_tcp_header_min || size > rest) return std::nullopt;
    found.payload = static_cast<std::uint16_t>(found.transport + size);
    return found;
  }
  if (protocol == k_udp) {
    if (rest < k_udp_header || load_be16(header + 4) != rest) return std::nullopt;
    found.tcp = false;
    found.payload = static_cast<std::uint16_t>(found.transport + k_udp_header);
    return found;
  }
  return std::nullopt;
}

std::uint64_t pseudo_header_sum(const TransportPacket& where, const std::uint8_t* packet,
                                std::size_t size) {
  return checksum_add(where.addresses(packet), checksum_word(where.tcp ? k_tcp : k_udp)) +
         checksum_word(static_cast<std::uint16_t>(size));
}

bool checksum_is_right(const TransportPacket& where, ByteView packet) {
  const ByteView part = packet.subspan(where.transport);
  if (!where.tcp && part[6] == 0 && part[7] == 0) return where.v4;
  return checksum_fold(checksum_add(part, pseudo_header_sum(where, packet.data(), part.size()))) ==
         0xffff;
}

void write_ipv4_checksum(std::uint8_t* header) {
  std::memset(header + 10, 0, 2);
  const auto sum = static_cast<std::uint16_t>(~checksum_fold(checksum_add({header, 20})));
  std::memcpy(header + 10, &sum, 2);
}

}  // namespace weir
