#include "tests/doubles/transport_packets.h"

#include <algorithm>

namespace weir {
namespace {

std::uint32_t slow_sum(ByteView bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
    sum += (std::uint32_t{bytes[i]} << 8U) | low;
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return sum;
}

std::uint32_t pseudo_sum(ByteView packet, std::size_t transport) {
  const bool v4 = packet[0] >> 4 == 4;
  const ByteView addresses = v4 ? packet.subspan(12, 8) : packet.subspan(8, 32);
  return slow_sum(addresses, packet[v4 ? 9 : 6]) +
         static_cast<std::uint32_t>(packet.size() - transport);
}

}  // namespace

std::uint16_t slow_checksum(ByteView bytes, std::uint32_t sum) {
  return static_cast<std::uint16_t>(~slow_sum(bytes, sum));
}

bool checksums_hold(ByteView packet) {
  const bool v4 = packet[0] >> 4 == 4;
  const std::size_t transport = v4 ? 20 : 40;
  if (v4 && slow_checksum(packet.first(20)) != 0) return false;
  const bool udp = packet[v4 ? 9 : 6] == 17;
  if (udp && load_be16(packet.data() + transport + 6) == 0) return v4;
  return slow_checksum(packet.subspan(transport), pseudo_sum(packet, transport)) == 0;
}

ByteVector make_packet(const TransportSpec& spec) {
  const std::size_t transport = spec.v4 ? 20 : 40;
  const std::size_t header = spec.tcp ? 20 + spec.options.size() : 8;
  ByteVector packet(transport + header + spec.payload);
  const auto protocol = static_cast<std::uint8_t>(spec.tcp ? 6 : 17);
  if (spec.v4) {
    packet[0] = 0x45;
    packet[1] = spec.service;
    store_be16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
    store_be16(packet.data() + 4, spec.id);
    packet[6] = spec.may_be_cut ? 0 : 0x40;
    packet[8] = spec.hops;
    packet[9] = protocol;
    packet[12] = packet[16] = 10;
    packet[15] = spec.flow;
    packet[19] = 1;
    store_be16(packet.data() + 10, slow_checksum(ByteView(packet).first(20)));
  } else {
    packet[0] = 0x60;
    packet[1] = spec.service;
    store_be16(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));
    packet[6] = protocol;
    packet[7] = spec.hops;
    packet[8] = packet[24] = 0xfd;
    packet[23] = spec.flow;
    packet[39] = 1;
  }
  std::uint8_t* const at = packet.data() + transport;
  store_be16(at, static_cast<std::uint16_t>(40000 + spec.flow));
  store_be16(at + 2, 443);
  if (spec.tcp) {
    store_be32(at + 4, spec.sequence);
    store_be32(at + 8, spec.acknowledged);
    at[12] = static_cast<std::uint8_t>((20 + spec.options.size()) / 4 << 4U);
    at[13] = spec.flags;
    store_be16(at + 14, spec.window);
    std::ranges::copy(spec.options, at + 20);
  } else {
    store_be16(at + 4, static_cast<std::uint16_t>(packet.size() - transport));
  }
  for (std::size_t i = 0; i < spec.payload; ++i) {
    at[header + i] = static_cast<std::uint8_t>((spec.sequence + i) * 7 >> 1U);
  }
  if (spec.tcp || !spec.without_checksum) {
    std::uint16_t sum =
        slow_checksum(ByteView(packet).subspan(transport), pseudo_sum(packet, transport));
    if (!spec.tcp && sum == 0) sum = 0xffff;
    store_be16(at + (spec.tcp ? 16 : 6), sum);
  }
  return packet;
}

}  // namespace weir
