#include "common/tunnel_kernel/link_message.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

std::string read_kind(ByteView value) {
  AttributeReader reader(value);
  while (const auto attribute = reader.next()) {
    if (attribute->type == IFLA_INFO_KIND) return read_text(attribute->value);
  }
  return {};
}

void read_counters(ByteView value, KernelLink& link) {
  rtnl_link_stats64 counted{};  // newer kernels tell more, older ones less
  std::memcpy(&counted, value.data(), std::min(sizeof(counted), value.size()));
  link.rx_packets = counted.rx_packets;
  link.tx_packets = counted.tx_packets;
  link.rx_refused = counted.rx_errors + counted.rx_dropped;
  link.tx_refused = counted.tx_errors + counted.tx_dropped;
}

}  // namespace

bool KernelLink::made_by_weir() const { return kind == k_wireguard_kind && alias == k_weir_mark; }

bool is_interface_name(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  return std::ranges::all_of(
      name, [](char c) { return c > ' ' && c <= '~' && c != '/' && c != ':' && c != '%'; });
}

std::optional<KernelLink> read_link(ByteView payload) {
  ifinfomsg header;
  if (payload.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, payload.data(), sizeof(header));
  KernelLink link;
  link.index = static_cast<std::uint32_t>(header.ifi_index);
  link.up = (header.ifi_flags & IFF_UP) != 0;
  AttributeReader reader(payload.subspan(sizeof(header)));
  while (const auto attribute = reader.next()) {
    switch (attribute->type) {
      case IFLA_IFNAME:
        link.name = read_text(attribute->value);
        break;
      case IFLA_IFALIAS:
        link.alias = read_text(attribute->value);
        break;
      case IFLA_MTU:
        link.mtu = read_u32(attribute->value).value_or(0);
        break;
      case IFLA_LINKINFO:
        link.kind = read_kind(attribute->value);
        break;
      case IFLA_STATS64:
        read_counters(attribute->value, link);
        break;
      default:
        break;
    }
  }
  if (reader.broken()) return std::nullopt;
  return link;
}

}  // namespace weir
