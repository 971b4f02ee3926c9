#include "common/tunnel/link_monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
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
  if (const auto home = tun.network_namespace()) monitor.namespace_ = identity(*home);
  return monitor;
}

/// Goes where the interface went, if it did.
void LinkMonitor::follow() {
  const auto present = tun_->network_namespace();
  if (!present || identity(*present) == namespace_) return;
  auto moved = open_netlink_in(*present);
  if (!moved) return;
  netlink_ = std::move(*moved);
  namespace_ = identity(*present);
}

std::optional<LinkView> LinkMonitor::look() {
  drain(netlink_.get());
  follow();
  auto request = named_request();
  if (!request) return std::nullopt;
  if (::ioctl(netlink_.get(), SIOCGIFFLAGS, &*request) < 0) return last_;
  const bool up = (request->ifr_flags & IFF_UP) != 0;
  if (::ioctl(netlink_.get(), SIOCGIFMTU, &*request) < 0) return last_;
  last_ = LinkView{.up = up, .mtu = static_cast<std::uint32_t>(request->ifr_mtu)};
  return last_;
}

bool LinkMonitor::change_tx_queue_length(std::uint32_t present, std::uint32_t wanted) {
  auto request = named_request();
  if (!request || ::ioctl(netlink_.get(), SIOCGIFTXQLEN, &*request) < 0) return false;
  if (request->ifr_qlen != static_cast<int>(present)) return false;
  request->ifr_qlen = static_cast<int>(wanted);
  return ::ioctl(netlink_.get(), SIOCSIFTXQLEN, &*request) == 0;
}

/// With the interface's present name; nothing when it is gone.
std::optional<ifreq> LinkMonitor::named_request() const {
  const auto name = tun_->name();
  if (!name) return std::nullopt;
  ifreq request{};
  std::ranges::copy(name->substr(0, IFNAMSIZ - 1), request.ifr_name);
  return request;
}

}  // namespace weir
