#include "common/tunnel/inner_packet.h"

namespace weir {
namespace {

constexpr std::size_t k_v4_header = 20;
constexpr std::size_t k_v6_header = 40;
constexpr std::uint8_t k_tcp = 6;
constexpr std::uint8_t k_udp = 17;
constexpr std::size_t k_udp_ports = 4;
constexpr std::uint16_t k_fragment_offset = 0x1fff;
constexpr std::uint16_t k_fragment = 0x3fff;  // and "more fragments"
constexpr std::uint32_t k_flow_label = 0xfffff;

std::uint16_t port_after(ByteView bytes, std::size_t ip_header) {
  return bytes.size() < ip_header + k_udp_ports ? 0 : load_be16(bytes.data() + ip_header + 2);
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  constexpr std::uint64_t k_odd = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
  const Wide product = Wide{hash ^ word} * k_odd;
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

std::uint64_t ports_at(ByteView packet, std::uint8_t protocol, std::size_t ip_header) {
  const bool has_ports = protocol == k_tcp || protocol == k_udp;
  if (!has_ports || packet.size() < ip_header + k_udp_ports) return 0;
  return load_be32(packet.data() + ip_header);
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

std::uint64_t flow_hash(ByteView packet, std::uint64_t seed) {
  const std::uint8_t* const data = packet.data();
  if (packet.size() >= k_v4_header && data[0] >> 4 == 4) {
    const bool fragment = (load_be16(data + 6) & k_fragment) != 0;
    const std::uint64_t ports = fragment ? 0 : ports_at(packet, data[9], (data[0] & 15U) * 4U);
    return mixed(mixed(mixed(seed, load_le64(data + 12)), ports), data[9]);
  }
  if (packet.size() >= k_v6_header && data[0] >> 4 == 6) {
    const std::uint64_t ports = ports_at(packet, data[6], k_v6_header);
    // TCP may change its label on the way, and then its packets must not pass each other.
    std::uint64_t hash = mixed(seed, ports != 0 ? ports : load_be32(data) & k_flow_label);
    for (std::size_t at = 8; at < k_v6_header; at += 8) hash = mixed(hash, load_le64(data + at));
    return mixed(hash, data[6]);
  }
  return 0;
}

}  // namespace weir
