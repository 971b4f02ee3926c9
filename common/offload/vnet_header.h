#pragma once

#include <cstdint>

namespace weir {

/// What the kernel says of a packet that is larger than the wire takes, or lacks its checksum:
/// struct virtio_net_hdr (virtio 1.1, section 5.1.6) in the machine's byte order, as TUN devices
/// with IFF_VNET_HDR use it.
struct VnetHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_size = 0;      ///< a hint; wrong on forwarded packets, never trusted
  std::uint16_t gso_size = 0;         ///< bytes of payload per segment
  std::uint16_t checksum_start = 0;   ///< where the sum begins: the transport header
  std::uint16_t checksum_offset = 0;  ///< and where from there it is stored
};
static_assert(sizeof(VnetHeader) == 10);

// Debian 12's headers do not have all of these.
inline constexpr std::uint8_t k_vnet_needs_checksum =
    1;  ///< flags: the field holds the pseudo header's sum alone
inline constexpr std::uint8_t k_vnet_data_valid = 2;  ///< flags: somebody has checked it
inline constexpr std::uint8_t k_vnet_gso_none = 0;
inline constexpr std::uint8_t k_vnet_gso_tcp4 = 1;
inline constexpr std::uint8_t k_vnet_gso_tcp6 = 4;
inline constexpr std::uint8_t k_vnet_gso_udp = 5;  ///< USO, either IP version; Linux 6.2
inline constexpr std::uint8_t k_vnet_gso_ecn =
    0x80;  ///< a bit more: the first segment alone carries CWR

}  // namespace weir
