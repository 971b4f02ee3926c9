#include "tests/doubles/network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "common/net/ip.h"
#include "common/tunnel/link_config.h"

namespace weir {
namespace {

sockaddr_storage address_of(const IpAddress& address, std::uint16_t port, socklen_t& size) {
  sockaddr_storage storage{};
  if (address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes().data(), 4);
    size = sizeof(v4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes().data(), 16);
    size = sizeof(v6);
  }
  return storage;
}

Fd udp_socket(const IpAddress& address) {
  return Fd(::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

}  // namespace

std::unique_ptr<NetworkNamespace> NetworkNamespace::make() {
  Fd fd;
  std::thread maker([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const auto lo = LinkConfig::open("lo");
    if (!lo || !LinkConfig::open("lo")->set_up(true)) return;
    // The main thread's would be /proc/self.
    fd = Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  });
  maker.join();
  if (!fd) return nullptr;
  return std::unique_ptr<NetworkNamespace>(new NetworkNamespace(std::move(fd)));
}

void NetworkNamespace::run(const std::function<void()>& work) const {
  std::thread visitor([&] {
    if (::setns(fd_.get(), CLONE_NEWNET) != 0) std::abort();
    work();
  });
  visitor.join();
}

bool NetworkNamespace::shell(const std::string& command) const {
  bool well = false;
  run([&] { well = std::system(command.c_str()) == 0; });
  return well;
}

std::string NetworkNamespace::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

bool join_by_cable(const NetworkNamespace& left, const NetworkNamespace& right) {
  const auto settle = [](const char* last) {
    const std::string end(last);
    return "ip addr add 10.9.0." + end + "/24 dev cable && ip addr add fd09::" + end +
           "/64 dev cable nodad && ip link set cable up";
  };
  return left.shell("ip link add cable type veth peer name cable netns " + right.path()) &&
         left.shell(settle("1")) && right.shell(settle("2"));
}

int send_datagrams(const NetworkNamespace& from, const NetworkNamespace& to,
                   const std::string& address, int count, int patience_ms) {
  const auto parsed = IpAddress::parse(address);
  if (!parsed) return 0;
  Fd in;
  sockaddr_storage bound{};
  socklen_t size = 0;
  to.run([&] {
    in = udp_socket(*parsed);
    bound = address_of(*parsed, 0, size);
    if (::bind(in.get(), reinterpret_cast<sockaddr*>(&bound), size) != 0) std::perror("bind");
    ::getsockname(in.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  });
  int arrived = 0;
  from.run([&] {
    const Fd out = udp_socket(*parsed);
    for (int i = 0; i < count; ++i) {
      const auto sent =
          ::sendto(out.get(), &i, sizeof(i), 0, reinterpret_cast<sockaddr*>(&bound), size);
      if (sent != sizeof(i)) continue;
      pollfd waiting{in.get(), POLLIN, 0};
      int number = -1;
      if (::poll(&waiting, 1, patience_ms) == 1 &&
          ::recv(in.get(), &number, sizeof(number), MSG_DONTWAIT) == sizeof(number)) {
        ++arrived;
      }
    }
  });
  return arrived;
}

bool comes_true(const std::function<bool()>& condition, int seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace weir
