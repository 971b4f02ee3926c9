#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/tunnel_kernel/netlink_message.h"

namespace weir {

/// What RTM_NEWLINK calls WireGuard, and the alias (`ip link show`) of interfaces that Weir made.
inline constexpr const char* k_wireguard_kind = "wireguard";
inline constexpr const char* k_weir_mark = "weir tunnel";

/// What the kernel tells about an interface that may be a tunnel of its own WireGuard.
struct KernelLink {
  std::uint32_t index = 0;
  std::string name;
  std::string kind;   ///< "wireguard", "tun", ...; empty for hardware
  std::string alias;  ///< a free text; ours marks what this program made
  std::uint32_t mtu = 0;
  bool up = false;
  std::uint64_t rx_packets = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t rx_refused = 0;  ///< errors and drops
  std::uint64_t tx_refused = 0;

  bool made_by_weir() const;
};

/// 1 to 15 characters that the kernel takes for a name as they are.
bool is_interface_name(const std::string& name);

/// An answer about an interface; nothing when its header is cut short or a length is wrong.
std::optional<KernelLink> read_link(ByteView payload);

}  // namespace weir
