#include "common/tunnel_kernel/kernel_tunnel.h"

#include <linux/netlink.h>
#include <linux/wireguard.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "common/base/text.h"
#include "common/crypto/random.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

constexpr std::uint32_t k_mtu_min = 576;
constexpr std::uint32_t k_mtu_max = 65535;
constexpr int k_dumps_max = 5;  // when peers change while they are told

Status check(const TunnelOptions& options) {
  if (!is_interface_name(options.interface)) {
    return fail(Code::invalid_argument,
                "interface name " + in_quotes(options.interface) +
                    " is not 1 to 15 printable characters without / : % and blanks");
  }
  if (options.mtu < k_mtu_min || options.mtu > k_mtu_max) {
    return fail(Code::invalid_argument,
                "tunnel MTU " + std::to_string(options.mtu) + " is not from 576 to 65535 bytes");
  }
  return {};
}

/// Two processes must not take over each other's interface. A name in the abstract space of unix
/// sockets belongs to this network namespace and goes with the process, however it ends.
Result<Fd> claim(const std::string& interface) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail(os_error("open a unix socket", errno));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "weir-tunnel/" + interface;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // the first byte is zero
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
  if (errno != EADDRINUSE) return fail(os_error("claim interface " + in_quotes(interface), errno));
  return fail(Code::already_exists, "interface " + in_quotes(interface) +
                                        " is the tunnel of another process; end it or choose "
                                        "another tunnel.interface");
}

Result<std::uint16_t> find_family(NetlinkSocket& generic) {
  std::optional<std::uint16_t> family;
  NetlinkMessage question = ask_family(WG_GENL_NAME);
  const NetlinkAnswer answer =
      generic.exchange(question, [&](std::uint16_t, ByteView payload) -> Status {
        family = read_family(payload);
        return {};
      });
  if (answer.ok() && family) return *family;
  return fail(Code::unimplemented,
              "this kernel has no WireGuard: " + (answer.ok() ? std::string("no family number")
                                                              : answer
                                                                    .as_error("ask for its "
                                                                              "netlink family")
                                                                    .message()));
}

/// One that no other process, perhaps of the same number in another container, tries as well.
std::string name_to_try() {
  std::array<std::uint8_t, 4> bytes{};
  SystemKeySource().fill(bytes);
  return "weirtry" + to_hex(bytes);
}

/// The interface under this name, taken over or made.
Result<KernelLink> take_or_make(KernelLinks& links, const TunnelOptions& options, bool filtering) {
  const auto present = links.find(options.interface);
  if (!present && present.error().code() != Code::not_found) return fail(present.error());
  if (!present) return links.create(options.interface, options.mtu);
  if (!present->made_by_weir()) {
    return fail(Code::already_exists, "interface " + in_quotes(options.interface) +
                                          " exists and is not Weir's; remove it (`ip link del " +
                                          options.interface +
                                          "`) or choose another tunnel.interface");
  }
  if (!filtering) return *present;
  WEIR_TRY(links.remove(*present));
  return links.create(options.interface, options.mtu);
}

}  // namespace

KernelTunnel::KernelTunnel(std::string name, Fd claim, KernelLinks links, KernelLink link,
                           NetlinkSocket route, NetlinkSocket generic, std::uint16_t family)
    : name_(std::move(name)),
      claim_(std::move(claim)),
      index_(link.index),
      wire_(family, link.index),
      links_(std::move(links)),
      link_(std::move(link)),
      route_(std::move(route)),
      generic_(std::move(generic)),
      filter_(index_) {}

KernelTunnel::~KernelTunnel() {
  watch_.reset();
  const std::lock_guard lock(mutex_);
  if (!ended_) (void)links_.remove(link_);
}

Result<std::unique_ptr<KernelTunnel>> KernelTunnel::create(TunnelOptions options, bool filtering) {
  WEIR_TRY(check(options));
  WEIR_ASSIGN(claimed, claim(options.interface));
  WEIR_ASSIGN(links, KernelLinks::open());
  WEIR_ASSIGN(route, NetlinkSocket::open(NETLINK_ROUTE));
  WEIR_ASSIGN(generic, NetlinkSocket::open(NETLINK_GENERIC));
  WEIR_ASSIGN(link, take_or_make(links, options, filtering));
  const auto family = find_family(generic);
  if (!family) {
    (void)links.remove(link);
    return fail(family.error());
  }
  std::unique_ptr<KernelTunnel> tunnel(
      new KernelTunnel(options.interface, std::move(claimed), std::move(links), std::move(link),
                       std::move(route), std::move(generic), *family));
  WEIR_TRY(tunnel->set_up(options));
  return tunnel;
}

Status KernelTunnel::set_up(const TunnelOptions& options) {
  const std::lock_guard lock(mutex_);
  if (link_.mtu != options.mtu) WEIR_TRY(links_.set_mtu(link_, options.mtu));
  WEIR_ASSIGN(present, read_device());
  if (options.listen_port != 0 && options.listen_port != present.listen_port) {
    DeviceChange port;
    port.listen_port = options.listen_port;
    WEIR_TRY(change(port));
  }
  if (options.bring_up) WEIR_TRY(links_.set_up(link_));
  WEIR_ASSIGN(watch, LinkWatch::start(index_, [this, on_end = options.on_end] {
                ended_ = true;
                if (on_end) on_end("interface " + in_quotes(name_) + " was removed");
              }));
  watch_ = std::move(watch);
  return {};
}

Status KernelTunnel::not_ended() const {
  if (!ended_) return {};
  return fail(Code::unavailable, "the tunnel has ended: its interface was removed");
}

Error KernelTunnel::explain(const NetlinkAnswer& answer, const std::string& what) const {
  const std::string text = what + " on interface " + in_quotes(name_);
  if (answer.error == ENODEV) return {Code::unavailable, text + ": the interface was removed"};
  const Error error = answer.as_error(text);
  if (error.code() != Code::permission_denied) return error;
  return {error.code(), error.message() + "; run as root or with CAP_NET_ADMIN"};
}

Result<KernelDevice> KernelTunnel::read_device() const {
  NetlinkAnswer answer;
  for (int round = 0; round < k_dumps_max; ++round) {
    DeviceReader reader;
    NetlinkMessage question = wire_.get();
    answer = generic_.exchange(
        question, [&](std::uint16_t, ByteView payload) { return reader.add(payload); });
    if (answer.ok()) return reader.take();
    if (answer.error != EINTR) break;
  }
  return fail(explain(answer, "read the peers"));
}

Status KernelTunnel::apply(const DeviceConfig& config) {
  WEIR_ASSIGN(wanted, canonical(config));
  const std::lock_guard lock(mutex_);
  WEIR_TRY(not_ended());
  WEIR_ASSIGN(present, read_device());
  const SourceRules rules = source_rules(wanted);
  const DeviceChange planned = plan_device(present, wanted, asked_, clock_.wall_now());
  if (planned.listen_port) {  // alone may be refused for another's sake: before anything else
    DeviceChange port;
    port.listen_port = planned.listen_port;
    WEIR_TRY(change(port));
  }
  WEIR_TRY(filter_.require(route_, rules));
  DeviceChange rest = planned;
  rest.listen_port.reset();
  WEIR_TRY(change(rest));
  asked_ = asked_by(wanted);
  return filter_.release(route_, rules);
}

Status KernelTunnel::change(const DeviceChange& change) {
  for (SetMessage& part : wire_.set(change)) {
    const NetlinkAnswer answer = generic_.exchange(part.message);
    if (answer.ok()) continue;
    if (answer.error == EADDRINUSE && change.listen_port) {
      return fail(Code::already_exists, "UDP port " + std::to_string(*change.listen_port) +
                                            " is in use; end the other program or choose another "
                                            "port");
    }
    if (part.peers.size() > 1) return change_one_by_one(change, part);
    if (part.peers.size() == 1) {
      const PeerChange& peer = change.peers[part.peers.front()];
      return fail(explain(answer, "set peer " + to_base64(peer.public_key)));
    }
    return fail(explain(answer, "set the tunnel's key and mark"));
  }
  return {};
}

/// A message of many peers was refused and the kernel does not say for which. Each again by itself:
/// doing twice what was done is no change.
Status KernelTunnel::change_one_by_one(const DeviceChange& change, const SetMessage& refused) {
  for (std::size_t i = refused.peers.front(); i < change.peers.size(); ++i) {
    DeviceChange single;
    single.peers = {change.peers[i]};
    for (SetMessage& part : wire_.set(single)) {
      const NetlinkAnswer answer = generic_.exchange(part.message);
      if (answer.ok()) continue;
      return fail(explain(answer, "set peer " + to_base64(change.peers[i].public_key)));
    }
  }
  return {};
}

Result<TunnelState> KernelTunnel::state() const {
  const std::lock_guard lock(mutex_);
  WEIR_TRY(not_ended());
  WEIR_ASSIGN(device, read_device());
  WEIR_ASSIGN(link, links_.look(index_));
  TunnelState state;
  state.device = std::move(device.device);
  if (state.device.private_key) state.public_key = device.public_key;
  state.listen_port = device.listen_port;
  state.fwmark = device.fwmark;
  state.mtu = link.mtu;
  state.up = link.up;
  return state;
}

TunnelCounters KernelTunnel::counters() const {
  const std::lock_guard lock(mutex_);
  if (ended_) return last_counters_;
  if (const auto link = links_.look(index_)) {
    last_counters_.packets_from_tun = link->tx_packets;
    last_counters_.packets_to_tun = link->rx_packets;
    last_counters_.packets_refused_by_tun = link->rx_refused;
    last_counters_.datagrams_refused = link->tx_refused;
  }
  return last_counters_;
}

bool KernelTunnel::post(std::function<void()> job) { return watch_->post(std::move(job)); }

Status remove_left_behind(const std::string& interface) {
  WEIR_ASSIGN(links, KernelLinks::open());
  const auto present = links.find(interface);
  if (!present || !present->made_by_weir()) return {};
  // Not while somebody works with it.
  const auto claimed = claim(interface);
  if (!claimed) return fail(claimed.error());
  return links.remove(*present);
}

Status probe_kernel_wireguard(bool filtering) {
  WEIR_ASSIGN(links, KernelLinks::open());
  WEIR_ASSIGN(generic, NetlinkSocket::open(NETLINK_GENERIC));
  WEIR_ASSIGN(route, NetlinkSocket::open(NETLINK_ROUTE));
  WEIR_ASSIGN(link, links.create(name_to_try(), k_mtu_min));
  Status can;
  if (const auto family = find_family(generic); !family) can = fail(family.error());
  const IpAddress nobody = IpAddress::v4(0);
  if (can && filtering) can = SourceFilter(link.index).require(route, {{nobody, nobody}});
  const Status removed = links.remove(link);
  return can ? removed : can;
}

}  // namespace weir
