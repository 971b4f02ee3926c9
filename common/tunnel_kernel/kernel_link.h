#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/tunnel_kernel/link_message.h"
#include "common/tunnel_kernel/netlink_socket.h"

namespace weir {

/// Interfaces of kind wireguard by rtnetlink. Errors: not_found, permission_denied,
/// unimplemented (this kernel has no WireGuard), already_exists, invalid_argument, unavailable;
/// each names the interface.
class KernelLinks {
 public:
  static Result<KernelLinks> open();

  /// Down, and marked as ours.
  Result<KernelLink> create(const std::string& name, std::uint32_t mtu);
  Result<KernelLink> find(const std::string& name);
  Result<KernelLink> look(std::uint32_t index);
  /// Errors: already_exists (the tunnel's port is taken: WireGuard opens it here).
  Status set_up(const KernelLink& link);
  Status set_mtu(const KernelLink& link, std::uint32_t mtu);
  Status remove(const KernelLink& link);

 private:
  explicit KernelLinks(NetlinkSocket socket) : socket_(std::move(socket)) {}
  Result<KernelLink> get(NetlinkMessage& question, const std::string& name);

  NetlinkSocket socket_;
};

}  // namespace weir
