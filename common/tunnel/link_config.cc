#include "common/tunnel/link_config.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>

#include "common/base/text.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

/// Marks routes as ours across runs of the program; unassigned in rtnetlink.h.
constexpr unsigned char k_route_protocol = 87;
constexpr std::size_t k_buffer_size = 32768;  // what libmnl recommends for dumps at most

using Visit = std::function<void(const nlmsghdr&)>;

int visit_message(const nlmsghdr* message, void* visit) {
  (*static_cast<Visit*>(visit))(*message);
  return MNL_CB_OK;
}

unsigned char family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

std::optional<IpAddress> address_in(const nlattr* attribute, unsigned char family) {
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
  const std::size_t size = mnl_attr_get_payload_len(attribute);
  if (family == AF_INET && size == 4) {
    return IpAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4));
  }
  if (family == AF_INET6 && size == 16) {
    return IpAddress::v6(std::span<const std::uint8_t, 16>(bytes, 16));
  }
  return std::nullopt;
}

using VisitAttribute = std::function<void(const nlattr*)>;

void visit_attributes(const nlmsghdr& message, std::size_t header_size,
                      const VisitAttribute& visit) {
  const auto forward = [](const nlattr* attribute, void* target) {
    (*static_cast<const VisitAttribute*>(target))(attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse(&message, static_cast<unsigned>(header_size), forward,
                 const_cast<VisitAttribute*>(&visit));
}

bool is_link_local_v6(const IpAddress& address) {
  return address.is_v6() && address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
}

LinkState parse_link(const nlmsghdr& message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
  LinkState state{.index = static_cast<std::uint32_t>(header->ifi_index),
                  .mtu = 0,
                  .tx_queue_length = 0,
                  .up = (header->ifi_flags & IFF_UP) != 0};
  visit_attributes(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_payload_len(attribute) != sizeof(std::uint32_t)) return;
    if (mnl_attr_get_type(attribute) == IFLA_MTU) state.mtu = mnl_attr_get_u32(attribute);
    if (mnl_attr_get_type(attribute) == IFLA_TXQLEN) {
      state.tx_queue_length = mnl_attr_get_u32(attribute);
    }
  });
  return state;
}

/// Nothing for addresses of other interfaces and for link-local ones.
std::optional<InterfaceAddress> parse_address(const nlmsghdr& message, std::uint32_t index) {
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
  if (header->ifa_index != index) return std::nullopt;
  std::optional<IpAddress> local;
  std::optional<IpAddress> other_end;
  visit_attributes(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFA_LOCAL) {
      local = address_in(attribute, header->ifa_family);
    } else if (mnl_attr_get_type(attribute) == IFA_ADDRESS) {
      other_end = address_in(attribute, header->ifa_family);
    }
  });
  if (!local) local = other_end;  // IPv6 has no IFA_LOCAL without a peer
  if (!local || is_link_local_v6(*local)) return std::nullopt;
  return InterfaceAddress{*local, header->ifa_prefixlen};
}

struct FoundRoute {
  IpPrefix prefix;
  bool ours = false;
};

/// Nothing for routes of other interfaces and other tables.
std::optional<FoundRoute> parse_route(const nlmsghdr& message, std::uint32_t index) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  const std::array<std::uint8_t, 16> zeros{};
  IpAddress destination = header->rtm_family == AF_INET ? IpAddress() : IpAddress::v6(zeros);
  std::uint32_t interface_index = 0;
  visit_attributes(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == RTA_DST) {
      destination = address_in(attribute, header->rtm_family).value_or(destination);
    } else if (mnl_attr_get_type(attribute) == RTA_OIF) {
      interface_index = mnl_attr_get_u32(attribute);
    }
  });
  const bool wanted = header->rtm_table == RT_TABLE_MAIN && header->rtm_type == RTN_UNICAST &&
                      interface_index == index && header->rtm_dst_len <= destination.bits();
  if (!wanted) return std::nullopt;
  return FoundRoute{IpPrefix(destination, header->rtm_dst_len),
                    header->rtm_protocol == k_route_protocol};
}

/// The kernel marks a dump during which anything of its kind changed, also on other interfaces.
/// Ours are changed by us alone, so the dump is good; libmnl would stop in the middle of it.
void ignore_interruptions(char* answer, std::size_t size) {
  int left = static_cast<int>(size);
  for (auto* message = reinterpret_cast<nlmsghdr*>(answer); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    message->nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_DUMP_INTR);
  }
}

}  // namespace

/// One message under construction; room for the few attributes we send.
class LinkConfig::Request {
 public:
  Request(std::uint16_t type, int flags) : message_(mnl_nlmsg_put_header(buffer_.data())) {
    message_->nlmsg_type = type;
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }

  template <typename Header>
  Header& header() {
    return *static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header)));
  }
  void put(std::uint16_t type, std::uint32_t value) { mnl_attr_put_u32(message_, type, value); }
  void put(std::uint16_t type, const IpAddress& address) {
    mnl_attr_put(message_, type, address.bytes().size(), address.bytes().data());
  }
  nlmsghdr* message() { return message_; }

  /// Sends it and shows every message of the answer to `visit`. 0, or an errno.
  int exchange(mnl_socket* socket, std::uint32_t sequence, Visit visit) {
    message_->nlmsg_seq = sequence;
    if (mnl_socket_sendto(socket, message_, message_->nlmsg_len) < 0) return errno;
    std::vector<char> answer(k_buffer_size);
    for (;;) {
      const ssize_t size = mnl_socket_recvfrom(socket, answer.data(), answer.size());
      if (size < 0) return errno;
      ignore_interruptions(answer.data(), static_cast<std::size_t>(size));
      const int step = mnl_cb_run(answer.data(), static_cast<std::size_t>(size), sequence,
                                  mnl_socket_get_portid(socket), visit_message, &visit);
      if (step == MNL_CB_STOP) return 0;
      if (step == MNL_CB_ERROR) return errno;
    }
  }

 private:
  alignas(nlmsghdr) std::array<char, 512> buffer_{};
  nlmsghdr* message_;
};

void LinkConfig::CloseSocket::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

LinkConfig::LinkConfig(std::string interface, Socket socket)
    : interface_(std::move(interface)), socket_(std::move(socket)) {}
LinkConfig::LinkConfig(LinkConfig&&) noexcept = default;
LinkConfig& LinkConfig::operator=(LinkConfig&&) noexcept = default;
LinkConfig::~LinkConfig() = default;

Result<LinkConfig> LinkConfig::open(const std::string& interface) {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return fail(os_error("open a netlink socket", errno));
  }
  LinkConfig config(interface, std::move(socket));
  WEIR_TRY(config.index());
  return config;
}

/// Looked up each time: the interface may have been replaced by one of the same name.
Result<std::uint32_t> LinkConfig::index() const {
  ifreq request{};
  if (interface_.size() < IFNAMSIZ) {
    std::ranges::copy(interface_, request.ifr_name);
    const int fd = mnl_socket_get_fd(socket_.get());
    if (::ioctl(fd, SIOCGIFINDEX, &request) == 0) {
      return static_cast<std::uint32_t>(request.ifr_ifindex);
    }
  }
  return fail(Code::not_found,
              "interface " + in_quotes(interface_) + " does not exist in this network namespace");
}

Status LinkConfig::run(Request& request, const std::string& what) {
  request.message()->nlmsg_flags |= NLM_F_ACK;
  const int number = request.exchange(socket_.get(), ++sequence_, [](const nlmsghdr&) {});
  if (number == 0) return {};
  Error error = os_error(what + " on interface " + in_quotes(interface_), number);
  if (error.code() != Code::permission_denied) return fail(std::move(error));
  return fail(error.code(), error.message() + "; run as root or with CAP_NET_ADMIN");
}

Result<LinkState> LinkConfig::state() {
  WEIR_ASSIGN(interface_index, index());
  Request request(RTM_GETLINK, NLM_F_ACK);
  request.header<ifinfomsg>().ifi_index = static_cast<int>(interface_index);
  LinkState state;
  const int number = request.exchange(socket_.get(), ++sequence_, [&](const nlmsghdr& message) {
    if (message.nlmsg_type == RTM_NEWLINK) state = parse_link(message);
  });
  if (number != 0) return fail(os_error("read interface " + in_quotes(interface_), number));
  return state;
}

Status LinkConfig::set_mtu(std::uint32_t mtu) {
  WEIR_ASSIGN(interface_index, index());
  Request request(RTM_NEWLINK, 0);
  request.header<ifinfomsg>().ifi_index = static_cast<int>(interface_index);
  request.put(IFLA_MTU, mtu);
  return run(request, "set MTU " + std::to_string(mtu));
}

Status LinkConfig::set_tx_queue_length(std::uint32_t packets) {
  WEIR_ASSIGN(interface_index, index());
  Request request(RTM_NEWLINK, 0);
  request.header<ifinfomsg>().ifi_index = static_cast<int>(interface_index);
  request.put(IFLA_TXQLEN, packets);
  return run(request, "set txqueuelen " + std::to_string(packets));
}

Status LinkConfig::set_up(bool up) {
  WEIR_ASSIGN(interface_index, index());
  Request request(RTM_NEWLINK, 0);
  auto& header = request.header<ifinfomsg>();
  header.ifi_index = static_cast<int>(interface_index);
  header.ifi_change = IFF_UP;
  header.ifi_flags = up ? IFF_UP : 0U;
  return run(request, up ? "set up" : "set down");
}

Result<std::vector<InterfaceAddress>> LinkConfig::addresses() {
  WEIR_ASSIGN(interface_index, index());
  Request request(RTM_GETADDR, NLM_F_DUMP);
  request.header<ifaddrmsg>().ifa_family = AF_UNSPEC;
  std::vector<InterfaceAddress> found;
  const int number = request.exchange(socket_.get(), ++sequence_, [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWADDR) return;
    if (const auto address = parse_address(message, interface_index)) found.push_back(*address);
  });
  if (number != 0) {
    return fail(os_error("list the addresses of interface " + in_quotes(interface_), number));
  }
  return found;
}

Status LinkConfig::change_address(const InterfaceAddress& address, bool add) {
  WEIR_ASSIGN(interface_index, index());
  Request request(add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto& header = request.header<ifaddrmsg>();
  header.ifa_family = family_of(address.address);
  header.ifa_prefixlen = static_cast<unsigned char>(address.prefix_length);
  header.ifa_flags = address.address.is_v6() ? IFA_F_NODAD : 0;  // a tunnel has no neighbours
  header.ifa_index = interface_index;
  request.put(IFA_LOCAL, address.address);
  request.put(IFA_ADDRESS, address.address);
  return run(request, std::string(add ? "add address " : "remove address ") +
                          address.address.to_string() + "/" +
                          std::to_string(address.prefix_length));
}

Status LinkConfig::add_address(const InterfaceAddress& address) {
  Status added = change_address(address, true);
  if (added || added.error().code() != Code::already_exists) return added;
  WEIR_ASSIGN(held, addresses());
  if (std::ranges::find(held, address) != held.end()) return {};
  // IPv6 has an address once: with another prefix length it makes way.
  for (const InterfaceAddress& other : held) {
    if (other.address == address.address) WEIR_TRY(change_address(other, false));
  }
  return change_address(address, true);
}

Status LinkConfig::remove_address(const InterfaceAddress& address) {
  Status removed = change_address(address, false);
  if (removed) return removed;
  WEIR_ASSIGN(held, addresses());
  if (std::ranges::find(held, address) == held.end()) return {};
  return removed;
}

Result<std::vector<IpPrefix>> LinkConfig::find_routes(bool only_ours) {
  WEIR_ASSIGN(interface_index, index());
  Request request(RTM_GETROUTE, NLM_F_DUMP);
  request.header<rtmsg>().rtm_family = AF_UNSPEC;
  std::vector<IpPrefix> found;
  const int number = request.exchange(socket_.get(), ++sequence_, [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE) return;
    const auto route = parse_route(message, interface_index);
    if (route && (route->ours || !only_ours)) found.push_back(route->prefix);
  });
  if (number != 0) {
    return fail(os_error("list the routes of interface " + in_quotes(interface_), number));
  }
  return found;
}

Result<std::vector<IpPrefix>> LinkConfig::routes() { return find_routes(true); }

Status LinkConfig::change_route(const IpPrefix& prefix, bool add) {
  WEIR_ASSIGN(interface_index, index());
  Request request(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto& header = request.header<rtmsg>();
  header.rtm_family = family_of(prefix.address());
  header.rtm_dst_len = static_cast<unsigned char>(prefix.length());
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = k_route_protocol;
  header.rtm_scope = prefix.address().is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  request.put(RTA_DST, prefix.address());
  request.put(RTA_OIF, interface_index);
  return run(request, (add ? "add route to " : "remove route to ") + prefix.to_string());
}

Status LinkConfig::add_route(const IpPrefix& prefix) {
  Status added = change_route(prefix, true);
  if (added || added.error().code() != Code::already_exists) return added;
  WEIR_ASSIGN(held, find_routes(false));
  if (std::ranges::find(held, prefix) != held.end()) return {};
  return fail(Code::already_exists, added.error().message() +
                                        "; the prefix is routed to another interface: remove that "
                                        "route (`ip route show " +
                                        prefix.to_string() + "`)");
}

Status LinkConfig::remove_route(const IpPrefix& prefix) {
  Status removed = change_route(prefix, false);
  if (removed) return removed;
  WEIR_ASSIGN(held, find_routes(true));
  if (std::ranges::find(held, prefix) == held.end()) return {};
  return removed;
}

Status LinkConfig::apply(const std::vector<InterfaceAddress>& wanted_addresses,
                         const std::vector<IpPrefix>& wanted_routes) {
  for (const InterfaceAddress& address : wanted_addresses) WEIR_TRY(add_address(address));
  WEIR_ASSIGN(held_addresses, addresses());
  bool removed = false;
  for (const InterfaceAddress& address : held_addresses) {
    if (std::ranges::find(wanted_addresses, address) != wanted_addresses.end()) continue;
    WEIR_TRY(remove_address(address));
    removed = true;
  }
  // With an IPv4 primary address the kernel may have taken the secondary ones of its network.
  if (removed) {
    for (const InterfaceAddress& address : wanted_addresses) WEIR_TRY(add_address(address));
  }
  for (const IpPrefix& prefix : wanted_routes) WEIR_TRY(add_route(prefix));
  WEIR_ASSIGN(held_routes, routes());
  for (const IpPrefix& prefix : held_routes) {
    if (std::ranges::find(wanted_routes, prefix) == wanted_routes.end()) {
      WEIR_TRY(remove_route(prefix));
    }
  }
  return {};
}

}  // namespace weir
