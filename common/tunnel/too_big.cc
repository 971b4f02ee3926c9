#include "common/tunnel/too_big.h"

#include <algorithm>
#include <cstring>

#include "common/offload/checksum.h"
#include "common/offload/transport_packet.h"

namespace weir {
namespace {

constexpr std::size_t k_v4_header = 20;
constexpr std::size_t k_v6_header = 40;
constexpr std::size_t k_icmp_header = 8;
constexpr std::size_t k_v4_answer_max = 576;  // what every host takes
constexpr std::uint8_t k_hops = 64;

void store_checksum(std::uint8_t* at, std::uint64_t sum) {
  const auto folded = static_cast<std::uint16_t>(~checksum_fold(sum));
  std::memcpy(at, &folded, 2);
}

std::size_t write_v4(ByteView packet, std::size_t mtu, ByteSpan into) {
  const std::size_t header = std::size_t{packet[0]} % 16 * 4;
  if (header < k_v4_header || packet.size() < header + 8) return 0;
  if ((load_be16(packet.data() + 6) & 0x1fff) != 0) return 0;
  const std::uint8_t source = packet[12];
  if (source == 0 || source >= 224) return 0;
  const std::uint8_t icmp_type = packet[header];
  if (packet[9] == 1 && icmp_type != 0 && icmp_type != 8) return 0;

  const std::size_t quoted = std::min(packet.size(), k_v4_answer_max - k_v4_header - k_icmp_header);
  const std::size_t size = k_v4_header + k_icmp_header + quoted;
  std::ranges::fill(into.first(k_v4_header + k_icmp_header), std::uint8_t{0});
  into[0] = 0x45;
  store_be16(&into[2], static_cast<std::uint16_t>(size));
  into[8] = k_hops;
  into[9] = 1;
  std::memcpy(&into[12], packet.data() + 16, 4);
  std::memcpy(&into[16], packet.data() + 12, 4);
  write_ipv4_checksum(into.data());
  std::uint8_t* const icmp = &into[k_v4_header];
  icmp[0] = 3;
  icmp[1] = 4;
  store_be16(icmp + 6, static_cast<std::uint16_t>(std::min<std::size_t>(mtu, 65535)));
  std::memcpy(icmp + k_icmp_header, packet.data(), quoted);
  store_checksum(icmp + 2, checksum_add({icmp, k_icmp_header + quoted}));
  return size;
}

std::size_t write_v6(ByteView packet, std::size_t mtu, ByteSpan into) {
  if (packet.size() < k_v6_header + 8 || packet[8] == 0xff) return 0;
  if (std::ranges::all_of(packet.subspan(8, 16), [](std::uint8_t byte) { return byte == 0; }))
    return 0;
  if (packet[6] == 58 && packet[k_v6_header] < 128) return 0;

  const std::size_t quoted =
      std::min(packet.size(), k_too_big_size_max - k_v6_header - k_icmp_header);
  const std::size_t size = k_v6_header + k_icmp_header + quoted;
  std::ranges::fill(into.first(k_v6_header + k_icmp_header), std::uint8_t{0});
  into[0] = 0x60;
  store_be16(&into[4], static_cast<std::uint16_t>(k_icmp_header + quoted));
  into[6] = 58;
  into[7] = k_hops;
  std::memcpy(&into[8], packet.data() + 24, 16);
  std::memcpy(&into[24], packet.data() + 8, 16);
  std::uint8_t* const icmp = &into[k_v6_header];
  icmp[0] = 2;
  store_be32(icmp + 4, static_cast<std::uint32_t>(mtu));
  std::memcpy(icmp + k_icmp_header, packet.data(), quoted);
  std::uint64_t sum =
      checksum_word(58) + checksum_word(static_cast<std::uint16_t>(k_icmp_header + quoted));
  sum = checksum_add(into.subspan(8, 32), sum);
  store_checksum(icmp + 2, checksum_add({icmp, k_icmp_header + quoted}, sum));
  return size;
}

}  // namespace

std::size_t write_too_big(ByteView packet, std::size_t mtu, ByteSpan into) {
  if (packet.size() < k_v4_header) return 0;
  if (packet[0] >> 4 == 4) return write_v4(packet, mtu, into);
  if (packet[0] >> 4 == 6) return write_v6(packet, mtu, into);
  return 0;
}

}  // namespace weir
