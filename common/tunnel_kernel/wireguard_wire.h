#pragma once

#include <cstdint>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/tunnel_kernel/device_plan.h"
#include "common/tunnel_kernel/netlink_message.h"

namespace weir {

/// A part of a change that one message carries, and which peers it is about.
struct SetMessage {
  NetlinkMessage message;
  std::vector<std::size_t> peers;  ///< positions in DeviceChange::peers
};

/// The kernel's WireGuard in bytes: generic netlink, family "wireguard".
///
///     change ──▶ SET_DEVICE, SET_DEVICE, ...     (a message has at most k_message_size_max bytes;
///                                                 a peer with many prefixes spans several)
///     GET_DEVICE ──▶ answer, answer, ... ──▶ DeviceReader ──▶ KernelDevice
class WireguardWire {
 public:
  static constexpr std::size_t k_message_size_max = 16384;

  /// `family` as the kernel numbers it today.
  WireguardWire(std::uint16_t family, std::uint32_t interface_index)
      : family_(family), interface_index_(interface_index) {}

  NetlinkMessage get() const;
  /// The port stands in a message of its own: another program may hold it, and then nothing else
  /// may have changed.
  std::vector<SetMessage> set(const DeviceChange& change) const;

 private:
  NetlinkMessage start() const;

  std::uint16_t family_;
  std::uint32_t interface_index_;
};

/// Puts a device together from the messages of a dump. Unknown attributes are passed over; what is
/// named must be well formed. A peer may go on in the next message.
class DeviceReader {
 public:
  /// `payload` follows the netlink header.
  /// Errors: internal (malformed; names the part).
  Status add(ByteView payload);
  KernelDevice take() { return std::move(device_); }

 private:
  Status add_peer(ByteView value);

  KernelDevice device_;
};

/// The number of a generic netlink family in an answer to GETFAMILY; nothing when it has none.
std::optional<std::uint16_t> read_family(ByteView payload);

/// The question for it.
NetlinkMessage ask_family(std::string_view name);

}  // namespace weir
