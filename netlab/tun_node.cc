#include "netlab/tun_node.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "netlab/namespaces.h"

namespace weir::netlab {
namespace {

constexpr std::string_view k_device = "net0";

std::string setup_script(const Topology& topology, const Node& node) {
  // No link-local IPv6 of the kernel's own: only what the file says is on the wire.
  std::string script =
      "link set net0 addrgenmode none\nlink set net0 mtu " + std::to_string(topology.mtu) + " up\n";
  for (const NodeAddress& address : node.addresses) {
    script += "addr add " + address.address.to_string() + "/" +
              std::to_string(address.prefix_length) + " dev net0" +
              (address.address.is_v6() ? " nodad\n" : "\n");
  }
  return script;
}

Result<Fd> open_tun(const std::string& name_space) {
  // The device lies in the namespace in which /dev/net/tun was opened.
  auto inside = InNamespace::enter(name_space);
  if (!inside) return fail(std::move(inside).error());
  Fd device(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device) {
    return fail(Code::unavailable, std::string("/dev/net/tun: ") + std::strerror(errno));
  }
  ifreq request{};
  k_device.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(device.get(), TUNSETIFF, &request) != 0) {
    return fail(Code::unavailable, std::string("make device net0: ") + std::strerror(errno));
  }
  return device;
}

}  // namespace

Result<TunNode> TunNode::create(const Topology& topology, const Node& node) {
  const std::string name_space = topology.namespace_of(node);
  auto device = open_tun(name_space);
  if (!device) return fail(std::move(device).error().within("node " + node.name));
  const Status set_up = run_ip({"-n", name_space, "-batch", "-"}, setup_script(topology, node));
  if (!set_up) return fail(set_up.error().within("node " + node.name));
  return TunNode(std::move(*device));
}

ByteView TunNode::receive(ByteSpan buffer) const {
  const ssize_t got = ::read(device_.get(), buffer.data(), buffer.size());
  if (got <= 0) return {};
  return buffer.first(static_cast<std::size_t>(got));
}

bool TunNode::deliver(ByteView packet) const {
  return ::write(device_.get(), packet.data(), packet.size()) ==
         static_cast<ssize_t>(packet.size());
}

}  // namespace weir::netlab
