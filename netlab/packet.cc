#include "netlab/packet.h"

namespace weir::netlab {

std::optional<IpAddress> destination_of(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  const int version = packet[0] >> 4;
  if (version == 4 && packet.size() >= 20) return IpAddress::v4(packet.subspan<16, 4>());
  if (version == 6 && packet.size() >= 40) return IpAddress::v6(packet.subspan<24, 16>());
  return std::nullopt;
}

}  // namespace weir::netlab
