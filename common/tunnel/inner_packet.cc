#include "common/tunnel/inner_packet.h"

namespace weir {
namespace {

constexpr std::size_t k_v4_header = 20;
constexpr std::size_t k_v6_header = 40;
constexpr std::uint8_t k_udp = 17;
constexpr std::size_t k_udp_ports = 4;
constexpr std::uint16_t k_fragment_offset = 0x1fff;

std::uint16_t port_after(ByteView bytes, std::size_t ip_header) {
  return bytes.size() < ip_header + k_udp_ports ? 0 : load_be16(bytes.data() + ip_header + 2);
}

}  // namespace

std::optional<InnerPacket> read_inner_packet(ByteView bytes) {
  if (bytes.size() < k_v4_header) return std::nullopt;
  const std::uint8_t* const data = bytes.data();
  InnerPacket packet;
  if (data[0] >> 4 == 4) {
    packet.source = data + 12;
    packet.destination = data + 16;
    packet.size = load_be16(data + 2);
    if (packet.size < k_v4_header) return std::nullopt;
    const bool starts = (load_be16(data + 6) & k_fragment_offset) == 0;
    if (data[9] == k_udp && starts) packet.udp_port = port_after(bytes, (data[0] & 15U) * 4U);
  } else if (data[0] >> 4 == 6 && bytes.size() >= k_v6_header) {
    packet.v4 = false;
    packet.source = data + 8;
    packet.destination = data + 24;
    packet.size = k_v6_header + load_be16(data + 4);
    if (data[6] == k_udp) packet.udp_port = port_after(bytes, k_v6_header);
  } else {
    return std::nullopt;
  }
  if (packet.size > bytes.size()) return std::nullopt;
  return packet;
}

}  // namespace weir
