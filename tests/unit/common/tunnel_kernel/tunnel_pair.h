#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "common/crypto/x25519.h"
#include "common/tunnel/link_config.h"
#include "common/tunnel_kernel/kernel_tunnel.h"
#include "common/tunnel_kernel/open_tunnel.h"
#include "tests/doubles/network_namespace.h"

namespace weir {

inline IpPrefix prefix(const char* text) { return *IpPrefix::parse(text); }
inline Endpoint endpoint(const char* text) { return *Endpoint::parse(text); }

/// One end of a tunnel in a namespace of its own: interface "wtd0", port 51820.
struct TunnelEnd {
  SystemKeySource source;
  X25519KeyPair keys = X25519KeyPair::generate(source);
  std::unique_ptr<NetworkNamespace> home = NetworkNamespace::make();
  std::unique_ptr<TunnelBackend> tunnel;

  Result<std::unique_ptr<TunnelBackend>> try_open(TunnelKind kind, TunnelOptions options = {},
                                                  bool filtering = false) const {
    if (options.interface == "weir0") options.interface = "wtd0";
    options.uapi = false;
    Result<std::unique_ptr<TunnelBackend>> made = fail(Code::unavailable, "not tried");
    home->run([&] { made = open_tunnel({kind, "test"}, std::move(options), filtering); });
    return made;
  }
  void open(TunnelKind kind, TunnelOptions options = {}, bool filtering = false) {
    auto made = try_open(kind, std::move(options), filtering);
    ASSERT_TRUE(made.has_value()) << made.error().message();
    tunnel = std::move(*made);
  }
  /// Gives the interface an address and a route to `others`.
  void address(const char* own, const char* others) const {
    home->run([&] {
      auto link = LinkConfig::open("wtd0");
      ASSERT_TRUE(link.has_value()) << link.error().message();
      const IpPrefix host = prefix(own);
      const Status set = link->apply({{host.address(), host.length()}}, {prefix(others)});
      ASSERT_TRUE(set.has_value()) << set.error().message();
    });
  }
  TunnelState state() const {
    auto now = tunnel->state();
    EXPECT_TRUE(now.has_value()) << now.error().message();
    return now ? std::move(*now) : TunnelState();
  }
  PeerState peer(const PublicKey& key) const {
    for (PeerState& one : state().device.peers) {
      if (one.public_key == key) return one;
    }
    return {};
  }
  bool has_peer(const PublicKey& key) const { return peer(key).public_key == key; }
  bool shook_hands_with(const PublicKey& key) const { return peer(key).last_handshake.has_value(); }
};

/// Whether tunnels of this kind can be made here, tried once. Where WEIR_NEED_KERNEL_WIREGUARD is
/// set, as in the kernel lab, they must.
inline std::string why_not(TunnelKind kind) {
  if (::geteuid() != 0) return "needs root";
  if (kind == TunnelKind::embedded) {
    return ::access("/dev/net/tun", R_OK | W_OK) == 0 ? "" : "needs /dev/net/tun";
  }
  static const Status can = [] {
    Status tried = fail(Code::unavailable, "needs a network namespace");
    if (const auto space = NetworkNamespace::make()) {
      space->run([&] { tried = probe_kernel_wireguard(true); });
    }
    return tried;
  }();
  if (can) return "";
  if (std::getenv("WEIR_NEED_KERNEL_WIREGUARD") != nullptr) {
    ADD_FAILURE() << "the kernel's WireGuard is needed here: " << can.error().message();
  }
  return can.error().message();
}

/// Two tunnels, each of its kind, in two namespaces joined by a cable.
class TunnelPair {
 public:
  TunnelEnd left;
  TunnelEnd right;

  void open(TunnelKind left_kind, TunnelKind right_kind) {
    ASSERT_TRUE(left.home && right.home);
    ASSERT_TRUE(join_by_cable(*left.home, *right.home));
    TunnelOptions options;
    options.listen_port = 51820;
    left.open(left_kind, options);
    right.open(right_kind, options);
    left.address("10.7.0.1/32", "10.7.0.0/24");
    right.address("10.7.0.2/32", "10.7.0.0/24");
    left.home->run(
        [] { (void)LinkConfig::open("wtd0")->add_address({*IpAddress::parse("fd07::1"), 64}); });
    right.home->run(
        [] { (void)LinkConfig::open("wtd0")->add_address({*IpAddress::parse("fd07::2"), 64}); });
  }

  /// Each the other's only peer; the left one knows where the right one is.
  DeviceConfig left_config(const char* to = "10.9.0.2:51820") const {
    return one_peer(left, right, {"10.7.0.2/32", "fd07::2/128"}, endpoint(to));
  }
  DeviceConfig right_config() const {
    return one_peer(right, left, {"10.7.0.1/32", "fd07::1/128"}, std::nullopt);
  }
  void connect(const char* to = "10.9.0.2:51820") const {
    apply(right, right_config());
    apply(left, left_config(to));
  }
  static void apply(const TunnelEnd& end, const DeviceConfig& config) {
    const Status applied = end.tunnel->apply(config);
    ASSERT_TRUE(applied.has_value()) << applied.error().message();
  }
  int to_right(int count = 1, int patience_ms = 5000, const char* address = "10.7.0.2") const {
    return send_datagrams(*left.home, *right.home, address, count, patience_ms);
  }
  int to_left(int count = 1, int patience_ms = 5000, const char* address = "10.7.0.1") const {
    return send_datagrams(*right.home, *left.home, address, count, patience_ms);
  }

 private:
  static DeviceConfig one_peer(const TunnelEnd& own, const TunnelEnd& other,
                               std::initializer_list<const char*> allowed,
                               std::optional<Endpoint> where) {
    PeerConfig peer;
    peer.public_key = other.keys.public_key();
    for (const char* text : allowed) peer.allowed_ips.push_back(prefix(text));
    peer.endpoint = where;
    DeviceConfig config;
    config.private_key = own.keys.private_key();
    config.peers = {peer};
    return config;
  }
};

}  // namespace weir
