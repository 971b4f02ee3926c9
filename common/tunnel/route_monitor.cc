#include "common/tunnel/route_monitor.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include "common/os/os_error.h"

namespace weir {
namespace {

constexpr std::size_t k_buffer_size = 32768;
constexpr std::size_t k_prefixes_max = 32;

/// The destination of a route that packets of ours may take.
std::optional<IpPrefix> destination(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE && message.nlmsg_type != RTM_DELROUTE) return std::nullopt;
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg)) return std::nullopt;
  const auto* const route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  const bool v4 = route->rtm_family == AF_INET;
  if ((!v4 && route->rtm_family != AF_INET6) || route->rtm_type != RTN_UNICAST) return std::nullopt;
  const IpAddress any = v4 ? IpAddress::v4(0) : IpAddress::v6(std::array<std::uint8_t, 16>{});
  if (route->rtm_dst_len > any.bits()) return std::nullopt;
  IpAddress to = any;  // a default route names none
  const auto read = [](const nlattr* attribute, void* into) {
    const auto* const bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    const std::size_t size = mnl_attr_get_payload_len(attribute);
    IpAddress& address = *static_cast<IpAddress*>(into);
    if (mnl_attr_get_type(attribute) != RTA_DST) return MNL_CB_OK;
    if (size != address.bytes().size()) return MNL_CB_ERROR;
    address = address.is_v4() ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4))
                              : IpAddress::v6(std::span<const std::uint8_t, 16>(bytes, 16));
    return MNL_CB_OK;
  };
  if (mnl_attr_parse(&message, sizeof(rtmsg), read, &to) != MNL_CB_OK) return std::nullopt;
  return IpPrefix(to, route->rtm_dst_len);
}

std::vector<IpPrefix> everything() {
  return {IpPrefix(IpAddress::v4(0), 0),
          IpPrefix(IpAddress::v6(std::array<std::uint8_t, 16>{}), 0)};
}

}  // namespace

Result<RouteMonitor> RouteMonitor::create() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return fail(os_error("open a netlink socket", errno));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return fail(os_error("listen to changes of routes", errno));
  }
  return RouteMonitor(std::move(fd));
}

std::vector<IpPrefix> RouteMonitor::take_changes() {
  std::vector<IpPrefix> changed;
  bool lost = false;
  alignas(nlmsghdr) std::array<char, k_buffer_size> answer;
  for (;;) {
    const ssize_t size = ::recv(netlink_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == ENOBUFS) {
      lost = true;
      continue;
    }
    if (size <= 0) break;
    int left = static_cast<int>(size);
    const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      const auto prefix = destination(*message);
      if (!prefix) continue;
      lost = lost || changed.size() == k_prefixes_max;
      if (!lost) changed.push_back(*prefix);
    }
  }
  return lost ? everything() : changed;
}

}  // namespace weir
