#include "common/tunnel/link_monitor.h"

#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "common/os/os_error.h"

namespace weir {
namespace {

Result<Fd> open_netlink() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return fail(os_error("open a netlink socket", errno));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return fail(os_error("listen to changes of interfaces", errno));
  }
  return fd;
}

/// Hears of the numbered namespaces too.
Result<Fd> open_netlink_for_all() {
  WEIR_ASSIGN(fd, open_netlink());
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on)) < 0) {
    return fail(os_error("listen to changes in other namespaces", errno));
  }
  return std::move(fd);
}

/// One request of rtnetlink, about a namespace that is known by a descriptor or by its number.
class Question {
 public:
  template <typename Header>
  Question(std::uint16_t type, int flags, const Header& header) {
    message_->nlmsg_type = type;
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    *static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header))) = header;
  }
  Question& put(std::uint16_t type, int value) {
    mnl_attr_put_u32(message_, type, static_cast<std::uint32_t>(value));
    return *this;
  }
  Question& put(std::uint16_t type, const std::string& value) {
    mnl_attr_put_strz(message_, type, value.c_str());
    return *this;
  }
  /// False when the kernel refuses.
  bool ask(mnl_cb_t on_answer = nullptr, void* into = nullptr) {
    const std::unique_ptr<mnl_socket, void (*)(mnl_socket*)> socket(
        mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC),
        [](mnl_socket* one) { mnl_socket_close(one); });
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket.get(), message_, message_->nlmsg_len) < 0) {
      return false;
    }
    std::array<char, k_answer_max> answer;
    const ssize_t size = mnl_socket_recvfrom(socket.get(), answer.data(), answer.size());
    return size > 0 && mnl_cb_run(answer.data(), static_cast<std::size_t>(size), 0, 0, on_answer,
                                  into) != MNL_CB_ERROR;
  }

 private:
  static constexpr std::size_t k_answer_max = 16384;

  alignas(nlmsghdr) std::array<char, 512> buffer_{};
  nlmsghdr* message_ = mnl_nlmsg_put_header(buffer_.data());
};

/// The number under which this namespace knows the other, which gets one if it has none.
std::optional<std::int32_t> number_of(const Fd& network_namespace) {
  const rtgenmsg any{AF_UNSPEC};
  (void)Question(RTM_NEWNSID, NLM_F_ACK, any)
      .put(NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED)
      .put(NETNSA_FD, network_namespace.get())
      .ask();  // refused when it has one
  std::int32_t number = NETNSA_NSID_NOT_ASSIGNED;
  const auto read = [](const nlmsghdr* message, void* into) {
    const auto attribute = [](const nlattr* one, void* result) {
      if (mnl_attr_get_type(one) == NETNSA_NSID && mnl_attr_get_payload_len(one) == 4) {
        *static_cast<std::int32_t*>(result) = static_cast<std::int32_t>(mnl_attr_get_u32(one));
      }
      return MNL_CB_OK;
    };
    return mnl_attr_parse(message, sizeof(rtgenmsg), attribute, into);
  };
  Question question(RTM_GETNSID, 0, any);
  if (!question.put(NETNSA_FD, network_namespace.get()).ask(read, &number)) return std::nullopt;
  if (number < 0) return std::nullopt;
  return number;
}

std::optional<LinkView> look_there(std::int32_t number, const std::string& name) {
  LinkView view;
  const auto read = [](const nlmsghdr* message, void* into) {
    const auto* const link = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    static_cast<LinkView*>(into)->up = (link->ifi_flags & IFF_UP) != 0;
    const auto attribute = [](const nlattr* one, void* result) {
      if (mnl_attr_get_type(one) == IFLA_MTU && mnl_attr_get_payload_len(one) == 4) {
        static_cast<LinkView*>(result)->mtu = mnl_attr_get_u32(one);
      }
      return MNL_CB_OK;
    };
    return mnl_attr_parse(message, sizeof(ifinfomsg), attribute, into);
  };
  Question question(RTM_GETLINK, 0, ifinfomsg{});
  question.put(IFLA_TARGET_NETNSID, number).put(IFLA_IFNAME, name);
  if (!question.ask(read, &view)) return std::nullopt;
  return view;
}

std::optional<LinkView> look_here(int fd, const std::string& name) {
  ifreq request{};
  std::ranges::copy(std::string_view(name).substr(0, IFNAMSIZ - 1), request.ifr_name);
  if (::ioctl(fd, SIOCGIFFLAGS, &request) < 0) return std::nullopt;
  LinkView view{.up = (request.ifr_flags & IFF_UP) != 0, .mtu = 0};
  if (::ioctl(fd, SIOCGIFMTU, &request) < 0) return std::nullopt;
  view.mtu = static_cast<std::uint32_t>(request.ifr_mtu);
  return view;
}

Result<Fd> open_netlink_in(const Fd& network_namespace) {
  Result<Fd> opened = fail(Code::unavailable, "not opened");
  std::thread visitor([&] {
    if (::setns(network_namespace.get(), CLONE_NEWNET) == 0) {
      opened = open_netlink();
    } else {
      opened = fail(os_error("enter the interface's network namespace", errno));
    }
  });
  visitor.join();
  return opened;
}

ino_t identity(const Fd& fd) {
  struct stat status{};
  return ::fstat(fd.get(), &status) == 0 ? status.st_ino : 0;
}

void drain(int fd) {
  std::array<char, 8192> ignored;
  // An overrun (ENOBUFS) means lost notifications; the look that follows makes up for them.
  while (::recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
  }
}

}  // namespace

Result<LinkMonitor> LinkMonitor::create(const TunDevice& tun) {
  WEIR_ASSIGN(netlink, open_netlink());
  LinkMonitor monitor(tun, std::move(netlink));
  if (const auto home = tun.network_namespace()) {
    monitor.home_ = monitor.namespace_ = identity(*home);
  }
  return monitor;
}

/// Goes where the interface went, if it did.
void LinkMonitor::follow() {
  const auto present = tun_->network_namespace();
  if (!present || identity(*present) == namespace_) return;
  const bool back = identity(*present) == home_;
  const auto number = back ? std::nullopt : number_of(*present);
  auto moved = number ? open_netlink_for_all() : open_netlink_in(*present);
  if (!moved) return;
  netlink_ = std::move(*moved);
  namespace_ = identity(*present);
  number_ = number;
}

std::optional<LinkView> LinkMonitor::view(const std::string& name) const {
  return number_ ? look_there(*number_, name) : look_here(netlink_.get(), name);
}

std::optional<LinkView> LinkMonitor::look() {
  drain(netlink_.get());
  follow();
  const auto name = tun_->name();
  if (!name) return std::nullopt;
  last_ = view(*name).value_or(last_);
  return last_;
}

}  // namespace weir
