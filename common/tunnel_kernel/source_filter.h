#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/tunnel/device_config.h"
#include "common/tunnel_kernel/netlink_socket.h"

namespace weir {

/// From whom packets may go to one address only: source -> destination.
using SourceRules = std::map<IpAddress, IpAddress>;

/// The rules of all peers with `only_destination`. `config` is canonical: their prefixes are hosts.
SourceRules source_rules(const DeviceConfig& config);

/// Holds those rules for packets that come out of an interface, where WireGuard itself has no word
/// for them: filters of its clsact qdisc (`tc filter show dev IF ingress`). For each source one
/// that lets its destination pass and, behind it, one that drops the rest. They go with the
/// interface, and no firewall that is loaded anew takes them away.
///
/// Knows what it added itself alone: the interface is a new one. Not thread-safe. Errors:
/// permission_denied, unimplemented (the kernel has no sch_ingress, cls_flower or act_gact),
/// unavailable.
class SourceFilter {
 public:
  explicit SourceFilter(std::uint32_t interface_index) : interface_index_(interface_index) {}

  /// Adds what is missing: before the peers that it is about.
  Status require(NetlinkSocket& route, const SourceRules& wanted);
  /// Takes away what is too much: after the peers are gone.
  Status release(NetlinkSocket& route, const SourceRules& wanted);

 private:
  /// A drop filter has no destination.
  struct Filter {
    IpAddress source;
    std::optional<IpAddress> destination;
    friend auto operator<=>(const Filter&, const Filter&) = default;
  };
  static std::set<Filter> filters_for(const SourceRules& rules);
  Status add_qdisc(NetlinkSocket& route);
  Status add(NetlinkSocket& route, const Filter& filter);
  Status remove(NetlinkSocket& route, const Filter& filter, std::uint32_t handle);

  std::uint32_t interface_index_;
  bool has_qdisc_ = false;
  std::uint32_t next_handle_ = 1;
  std::map<Filter, std::uint32_t> held_;
};

}  // namespace weir
