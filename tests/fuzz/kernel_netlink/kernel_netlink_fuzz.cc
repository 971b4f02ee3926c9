// A datagram in place of the kernel's answer: through the walk over its messages, and each of them
// as part of a WireGuard device, a netlink family and an interface. What was read can be made so
// again: the plan from it to itself is empty.

#include <cstdlib>

#include "common/tunnel_kernel/device_plan.h"
#include "common/tunnel_kernel/link_message.h"
#include "common/tunnel_kernel/netlink_message.h"
#include "common/tunnel_kernel/wireguard_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;  // NOLINT(google-build-using-namespace)
  constexpr std::uint32_t k_sequence = 1;
  constexpr std::uint32_t k_port = 2;
  DeviceReader reader;
  const auto verdict = read_netlink({data, size}, k_sequence, k_port,
                                    [&](std::uint16_t, ByteView payload) -> Status {
                                      (void)read_family(payload);
                                      if (const auto link = read_link(payload))
                                        (void)link->made_by_weir();
                                      return reader.add(payload);
                                    });
  if (verdict && (verdict->error < 0 || verdict->error > 4095)) std::abort();

  const KernelDevice device = reader.take();
  DeviceConfig same;
  same.private_key = device.device.private_key;
  same.listen_port = device.listen_port;
  same.fwmark = device.fwmark;
  for (const PeerState& peer : device.device.peers) {
    if (peer.persistent_keepalive > std::chrono::seconds(65535)) std::abort();
    PeerConfig made;
    made.public_key = peer.public_key;
    made.preshared_key = peer.preshared_key;
    made.endpoint = peer.endpoint;
    made.persistent_keepalive = peer.persistent_keepalive;
    made.allowed_ips = peer.allowed_ips;
    for (const IpPrefix& prefix : peer.allowed_ips) {
      if (prefix.length() > prefix.address().bits()) std::abort();
    }
    same.peers.push_back(std::move(made));
  }
  const auto wanted = canonical(same);
  if (!wanted) return 0;  // a peer that is told twice, not in a row
  (void)WireguardWire(3, 4).set(plan_device({}, *wanted, {}, WallTime()));
  if (wanted->peers.size() == device.device.peers.size() &&
      wanted->private_key == device.device.private_key) {
    DeviceChange change = plan_device(device, *wanted, {}, WallTime());
    for (const PeerChange& peer : change.peers) {
      if (!peer.replace_allowed_ips) std::abort();  // a prefix that two peers hold
    }
  }
  return 0;
}
