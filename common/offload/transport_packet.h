#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace weir {

/// A whole, unfragmented IPv4 or IPv6 packet without IP options or extension headers that carries
/// TCP or UDP, and where its parts lie. Anything else is left alone by everything in this module.
struct TransportPacket {
  bool v4 = true;
  bool tcp = true;
  std::uint16_t transport = 0;  ///< offset of the TCP or UDP header: 20 or 40
  std::uint16_t payload = 0;    ///< offset of what it carries; may be the packet's end

  ByteView addresses(const std::uint8_t* packet) const {
    return v4 ? ByteView(packet + 12, 8) : ByteView(packet + 8, 32);
  }
};

/// Nothing unless `packet` is one of those, from its first byte to its last.
std::optional<TransportPacket> read_transport_packet(ByteView packet);

/// The pseudo header's sum (RFC 9293 section 3.1, RFC 768, RFC 8200 section 8.1) for a TCP or UDP
/// part of `size` bytes.
std::uint64_t pseudo_header_sum(const TransportPacket& where, const std::uint8_t* packet,
                                std::size_t size);

/// True when the checksum is right; also without one, where that is allowed (UDP over IPv4).
bool checksum_is_right(const TransportPacket& where, ByteView packet);

/// Writes the IPv4 header checksum of the 20 bytes at `header`.
void write_ipv4_checksum(std::uint8_t* header);

}  // namespace weir
