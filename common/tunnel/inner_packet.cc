#include "common/tunnel/inner_packet.h"

namespace weir {
namespace {

constexpr std::size_t k_v4_header = 20;
constexpr std::size_t k_v6_header = 40;

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
  } else if (data[0] >> 4 == 6 && bytes.size() >= k_v6_header) {
    packet.v4 = false;
    packet.source = data + 8;
    packet.destination = data + 24;
    packet.size = k_v6_header + load_be16(data + 4);
  } else {
    return std::nullopt;
  }
  if (packet.size > bytes.size()) return std::nullopt;
  return packet;
}

}  // namespace weir
