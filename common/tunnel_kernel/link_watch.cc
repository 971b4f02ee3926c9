#include "common/tunnel_kernel/link_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "common/os/os_error.h"

namespace weir {
namespace {

Result<Fd> listen_to_links() {
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

/// What the notifications say does not matter, and some may be lost (ENOBUFS): after them it is
/// looked at what is.
void drain(int fd) {
  std::array<char, 8192> ignored;
  while (::recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
  }
}

}  // namespace

Result<std::unique_ptr<LinkWatch>> LinkWatch::start(std::uint32_t interface_index,
                                                    std::function<void()> on_gone) {
  WEIR_ASSIGN(netlink, listen_to_links());
  WEIR_ASSIGN(wake, make_eventfd());
  return std::unique_ptr<LinkWatch>(
      new LinkWatch(interface_index, std::move(on_gone), std::move(netlink), std::move(wake)));
}

LinkWatch::LinkWatch(std::uint32_t interface_index, std::function<void()> on_gone, Fd netlink,
                     Fd wake)
    : interface_index_(interface_index),
      on_gone_(std::move(on_gone)),
      netlink_(std::move(netlink)),
      wake_(std::move(wake)),
      thread_([this] { run(); }) {}

LinkWatch::~LinkWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

bool LinkWatch::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (over_ || jobs_.size() >= k_jobs_max) return false;
    jobs_.push_back(std::move(job));
  }
  ::eventfd_write(wake_.get(), 1);
  return true;
}

bool LinkWatch::is_there() const {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(interface_index_);
  return ::ioctl(netlink_.get(), SIOCGIFNAME, &request) == 0 || errno != ENODEV;
}

bool LinkWatch::take_jobs(std::vector<std::function<void()>>& jobs) {
  const std::lock_guard lock(mutex_);
  jobs = std::exchange(jobs_, {});
  return !stopping_;
}

void LinkWatch::run() {
  std::array<pollfd, 2> waiting{{{netlink_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
  std::vector<std::function<void()>> jobs;
  while (take_jobs(jobs)) {
    for (const std::function<void()>& job : jobs) job();
    if (!is_there()) {
      {
        const std::lock_guard lock(mutex_);
        over_ = true;
        jobs_.clear();
      }
      on_gone_();
      return;
    }
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;  // a signal
    if ((waiting[0].revents & POLLIN) != 0) drain(netlink_.get());
    eventfd_t ignored = 0;
    if ((waiting[1].revents & POLLIN) != 0) ::eventfd_read(wake_.get(), &ignored);
  }
}

}  // namespace weir
