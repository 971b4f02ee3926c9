#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace weir {

/// The little the tunnel reads of an inner IP packet.
struct InnerPacket {
  bool v4 = true;
  const std::uint8_t* source = nullptr;  ///< 4 or 16 bytes inside the packet
  const std::uint8_t* destination = nullptr;
  std::size_t size = 0;        ///< what the IP header says; the rest is padding
  std::uint16_t udp_port = 0;  ///< where a datagram goes; 0 for others and for later fragments
};

/// Nothing unless `bytes` starts with a whole IPv4 or IPv6 header whose length fits in `bytes`. Of
/// a jumbogram (IPv6 length 0) the size is the header alone.
std::optional<InnerPacket> read_inner_packet(ByteView bytes);

/// The same for all packets of one flow: addresses, protocol, and the ports of TCP and UDP.
/// Fragments have none and are a flow of their own; of IPv6 packets without ports the flow label
/// counts. Spread well over the low bits; 0 for what is no IP packet.
std::uint64_t flow_hash(ByteView packet, std::uint64_t seed);

/// How many bytes a packet of `size` is sealed as: the next multiple of 16, but not past `mtu`. Of
/// packets longer than the MTU the last part is rounded the same way.
inline std::size_t padded_size(std::size_t size, std::size_t mtu) {
  const std::size_t whole = mtu != 0 && size > mtu ? size - size % mtu : 0;
  const std::size_t rest = size - whole;
  const std::size_t rounded = (rest + 15) / 16 * 16;
  return whole + (mtu != 0 ? std::min(rounded, mtu) : rounded);
}

}  // namespace weir
