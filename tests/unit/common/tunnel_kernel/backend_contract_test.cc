// What agent and controller rely on, whoever does WireGuard's work. Runs here on the embedded
// engine, and on the kernel's WireGuard where it can be made; `scripts/kernel-lab` runs it on a
// kernel that has one.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "tests/unit/common/tunnel_kernel/tunnel_pair.h"

namespace weir {
namespace {

using std::chrono::seconds;

class TunnelContract : public testing::TestWithParam<TunnelKind> {
 protected:
  void SetUp() override {
    if (const std::string reason = why_not(GetParam()); !reason.empty()) GTEST_SKIP() << reason;
  }
  /// Both ends of the kind under test.
  void open_pair() { pair_.open(GetParam(), GetParam()); }
  void connect() {
    open_pair();
    if (!HasFatalFailure()) pair_.connect();
  }
  PublicKey left_key() const { return pair_.left.keys.public_key(); }
  PublicKey right_key() const { return pair_.right.keys.public_key(); }

  PeerConfig stranger(const char* allowed) {
    PeerConfig peer;
    peer.public_key = X25519KeyPair::generate(source_).public_key();
    peer.allowed_ips = {prefix(allowed)};
    return peer;
  }

  SystemKeySource source_;
  TunnelPair pair_;
};

TEST_P(TunnelContract, ComesUpAndGoesWithItsObject) {
  TunnelEnd& end = pair_.left;
  TunnelOptions options;
  options.mtu = 1380;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam(), options));
  EXPECT_EQ(end.tunnel->interface(), "wtd0");
  const TunnelState state = end.state();
  EXPECT_TRUE(state.up);
  EXPECT_EQ(state.mtu, 1380u);
  EXPECT_NE(state.listen_port, 0);
  EXPECT_FALSE(state.public_key.has_value());
  EXPECT_TRUE(end.home->shell("ip link show wtd0 >/dev/null"));
  end.tunnel.reset();
  EXPECT_TRUE(end.home->shell("! ip link show wtd0 2>/dev/null"));
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));  // and can come again
}

TEST_P(TunnelContract, FollowsAnMtuThatAnOperatorSets) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  ASSERT_TRUE(end.home->shell("ip link set wtd0 mtu 1300"));
  EXPECT_TRUE(comes_true([&] { return end.state().mtu == 1300; }));
}

TEST_P(TunnelContract, TellsWhatWasApplied) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  DeviceConfig config;
  config.private_key = end.keys.private_key();
  config.fwmark = 7;
  config.peers = {stranger("10.7.0.2/32"), stranger("10.8.0.0/16"), stranger("fd07::/64")};
  config.peers[0].endpoint = endpoint("192.0.2.1:51820");
  config.peers[1].endpoint = endpoint("[2001:db8::1]:7");
  config.peers[1].persistent_keepalive = seconds(25);
  config.peers[2].preshared_key = PresharedKey(X25519KeyPair::generate(source_).private_key());
  config.peers[2].allowed_ips.push_back(prefix("10.9.0.0/16"));
  TunnelPair::apply(end, config);

  const TunnelState state = end.state();
  EXPECT_EQ(state.public_key, end.keys.public_key());
  EXPECT_EQ(state.fwmark, 7u);
  ASSERT_EQ(state.device.peers.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const PeerState& told = state.device.peers[i];
    const PeerConfig& asked = config.peers[i];
    EXPECT_EQ(told.public_key, asked.public_key);
    EXPECT_EQ(told.preshared_key, asked.preshared_key);
    EXPECT_EQ(told.endpoint, asked.endpoint);
    EXPECT_EQ(told.persistent_keepalive, asked.persistent_keepalive);
    EXPECT_TRUE(std::ranges::is_permutation(told.allowed_ips, asked.allowed_ips));
    EXPECT_FALSE(told.last_handshake.has_value());
  }
}

TEST_P(TunnelContract, ShakesHandsAndCountsBothWays) {
  ASSERT_NO_FATAL_FAILURE(connect());
  EXPECT_EQ(pair_.to_right(5), 5);
  EXPECT_EQ(pair_.to_left(5), 5);
  for (const auto& [end, key] : {std::pair(&pair_.left, right_key()), {&pair_.right, left_key()}}) {
    const PeerState peer = end->peer(key);
    ASSERT_TRUE(peer.last_handshake.has_value());
    const auto age = std::chrono::system_clock::now() - *peer.last_handshake;
    EXPECT_LT(age, seconds(30));
    EXPECT_GT(age, seconds(-1));
    EXPECT_GT(peer.rx_bytes, 5u * 32);
    EXPECT_GT(peer.tx_bytes, 5u * 32);
    EXPECT_GE(end->tunnel->counters().packets_from_tun, 5u);
    EXPECT_GE(end->tunnel->counters().packets_to_tun, 5u);
  }
  const std::uint64_t before = pair_.left.peer(right_key()).tx_bytes;
  EXPECT_EQ(pair_.to_right(3), 3);
  // An IP and UDP header of 28 bytes and 4 bytes inside; 32 bytes around.
  EXPECT_EQ(pair_.left.peer(right_key()).tx_bytes, before + 3 * 64);
  // The right one learned where the left one is.
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("10.9.0.1:51820"));
}

TEST_P(TunnelContract, LeavesSessionsOfUnchangedPeersAlone) {
  ASSERT_NO_FATAL_FAILURE(connect());
  ASSERT_EQ(pair_.to_right(), 1);
  const auto shaken = pair_.left.peer(right_key()).last_handshake;
  DeviceConfig config = pair_.left_config();
  for (int round = 0; round < 3; ++round) {
    config.peers.push_back(stranger(("10.8.0." + std::to_string(round) + "/32").c_str()));
    config.fwmark = 0;
    TunnelPair::apply(pair_.left, config);
    EXPECT_EQ(pair_.to_right(), 1);
  }
  config.peers.resize(1);
  TunnelPair::apply(pair_.left, config);
  EXPECT_EQ(pair_.to_right(), 1);
  EXPECT_EQ(pair_.left.peer(right_key()).last_handshake, shaken);
  EXPECT_EQ(pair_.left.state().device.peers.size(), 1u);
}

TEST_P(TunnelContract, StopsWithAPeerThatIsTakenAway) {
  ASSERT_NO_FATAL_FAILURE(connect());
  ASSERT_EQ(pair_.to_right(), 1);
  DeviceConfig nobody = pair_.right_config();
  nobody.peers.clear();
  TunnelPair::apply(pair_.right, nobody);
  EXPECT_EQ(pair_.to_right(1, 300), 0);
  EXPECT_TRUE(pair_.right.state().device.peers.empty());
  EXPECT_TRUE(pair_.right.state().public_key.has_value());
}

TEST_P(TunnelContract, MovesAnAllowedIpFromOnePeerToAnotherAndBack) {
  ASSERT_NO_FATAL_FAILURE(connect());
  ASSERT_EQ(pair_.to_right(), 1);
  DeviceConfig config = pair_.left_config();
  config.peers.push_back(stranger("10.8.0.0/16"));
  TunnelPair::apply(pair_.left, config);
  std::swap(config.peers[0].allowed_ips, config.peers[1].allowed_ips);
  TunnelPair::apply(pair_.left, config);
  EXPECT_EQ(pair_.left.peer(right_key()).allowed_ips, std::vector{prefix("10.8.0.0/16")});
  EXPECT_EQ(pair_.to_right(1, 300), 0);
  EXPECT_EQ(pair_.to_left(1, 300), 0);  // nor may it send from there
  std::swap(config.peers[0].allowed_ips, config.peers[1].allowed_ips);
  TunnelPair::apply(pair_.left, config);
  EXPECT_EQ(pair_.to_right(), 1);
  EXPECT_EQ(pair_.to_left(), 1);
}

TEST_P(TunnelContract, GivesAPrefixThatTwoPeersWantToTheLastAndKeepsItSo) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  DeviceConfig config;
  config.private_key = end.keys.private_key();
  config.peers = {stranger("10.8.0.0/16"), stranger("10.8.0.0/16")};
  for (int round = 0; round < 2; ++round) {
    TunnelPair::apply(end, config);
    EXPECT_TRUE(end.peer(config.peers[0].public_key).allowed_ips.empty());
    EXPECT_EQ(end.peer(config.peers[1].public_key).allowed_ips, config.peers[1].allowed_ips);
  }
}

TEST_P(TunnelContract, GoesToTheEndpointItIsToldAndKeepsOneThatRoamed) {
  ASSERT_NO_FATAL_FAILURE(open_pair());
  pair_.connect("10.9.0.77:51820");  // nobody
  EXPECT_EQ(pair_.to_right(1, 300), 0);
  TunnelPair::apply(pair_.left, pair_.left_config());
  EXPECT_EQ(pair_.to_right(1, 15000), 1);

  // The left one moves; the right one follows it, and being told again what it was told before
  // is no reason to go back.
  ASSERT_TRUE(pair_.left.home->shell("ip addr add 10.9.0.3/24 dev cable"));
  DeviceConfig right = pair_.right_config();
  right.peers[0].endpoint = endpoint("10.9.0.1:51820");
  TunnelPair::apply(pair_.right, right);
  ASSERT_TRUE(
      pair_.left.home->shell("ip addr del 10.9.0.1/24 dev cable && "
                             "(ip addr add 10.9.0.3/24 dev cable 2>/dev/null || true)"));
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("10.9.0.3:51820"));
  TunnelPair::apply(pair_.right, right);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("10.9.0.3:51820"));
  EXPECT_EQ(pair_.to_left(), 1);
  right.peers[0].endpoint = endpoint("10.9.0.9:9");
  TunnelPair::apply(pair_.right, right);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("10.9.0.9:9"));
}

TEST_P(TunnelContract, NeedsTheSamePresharedKeyOnBothSides) {
  ASSERT_NO_FATAL_FAILURE(open_pair());
  DeviceConfig left = pair_.left_config();
  DeviceConfig right = pair_.right_config();
  right.peers[0].preshared_key = PresharedKey(X25519KeyPair::generate(source_).private_key());
  TunnelPair::apply(pair_.right, right);
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.to_right(1, 300), 0);
  EXPECT_FALSE(pair_.left.shook_hands_with(right_key()));
  left.peers[0].preshared_key = right.peers[0].preshared_key;
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
  // Taken away again: as told.
  TunnelPair::apply(pair_.left, pair_.left_config());
  EXPECT_FALSE(pair_.left.peer(right_key()).preshared_key.has_value());
}

TEST_P(TunnelContract, KeepsItsPeerAliveWithoutTraffic) {
  ASSERT_NO_FATAL_FAILURE(open_pair());
  DeviceConfig left = pair_.left_config();
  left.peers[0].persistent_keepalive = seconds(1);
  TunnelPair::apply(pair_.right, pair_.right_config());
  TunnelPair::apply(pair_.left, left);
  EXPECT_TRUE(comes_true([&] { return pair_.right.shook_hands_with(left_key()); }));
  const std::uint64_t before = pair_.right.peer(left_key()).rx_bytes;
  EXPECT_TRUE(comes_true([&] { return pair_.right.peer(left_key()).rx_bytes >= before + 2 * 32; }));
  left.peers[0].persistent_keepalive = seconds(0);
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.left.peer(right_key()).persistent_keepalive, seconds(0));
}

TEST_P(TunnelContract, HoldsAThousandPeersAndManyPrefixes) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  DeviceConfig config;
  config.private_key = end.keys.private_key();
  for (std::uint32_t i = 0; i < 1000; ++i) {
    PeerConfig peer;
    peer.public_key[0] = static_cast<std::uint8_t>(9 + i % 200);
    peer.public_key[5] = static_cast<std::uint8_t>(i / 200);
    peer.endpoint = Endpoint{IpAddress::v4(0x0a090000 + i), 51820};
    peer.allowed_ips = {IpPrefix::host(IpAddress::v4(0x0a5a0000 + i))};
    config.peers.push_back(std::move(peer));
  }
  for (std::uint32_t i = 0; i < 2000; ++i) {  // more than a message has room for
    config.peers[500].allowed_ips.push_back(IpPrefix::host(IpAddress::v4(0x0b000000 + i)));
  }
  TunnelPair::apply(end, config);
  TunnelState state = end.state();
  ASSERT_EQ(state.device.peers.size(), 1000u);
  for (std::size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(state.device.peers[i].public_key, config.peers[i].public_key);
    ASSERT_EQ(state.device.peers[i].endpoint, config.peers[i].endpoint);
    ASSERT_TRUE(std::ranges::is_permutation(state.device.peers[i].allowed_ips,
                                            config.peers[i].allowed_ips));
  }
  std::erase_if(config.peers, [](const PeerConfig& peer) { return peer.public_key[0] % 2 == 0; });
  TunnelPair::apply(end, config);
  state = end.state();
  EXPECT_EQ(state.device.peers.size(), config.peers.size());
  config.peers.clear();
  TunnelPair::apply(end, config);
  EXPECT_TRUE(end.state().device.peers.empty());
}

TEST_P(TunnelContract, RefusesAsAWholeWhatItCannotTake) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  TunnelOptions second;
  second.interface = "wtd1";
  auto holder = end.try_open(GetParam(), second);
  ASSERT_TRUE(holder.has_value()) << holder.error().message();
  DeviceConfig good;
  good.private_key = end.keys.private_key();
  good.peers = {stranger("10.8.0.0/16")};
  TunnelPair::apply(end, good);
  const TunnelState before = end.state();

  DeviceConfig twice = good;
  twice.peers.push_back(twice.peers[0]);
  DeviceConfig restless = good;
  restless.peers[0].persistent_keepalive = seconds(65536);
  DeviceConfig busy;
  busy.listen_port = (*holder)->state()->listen_port;
  for (const auto& [config, code] : {std::pair(twice, Code::invalid_argument),
                                     {restless, Code::invalid_argument},
                                     {busy, Code::already_exists}}) {
    const Status refused = end.tunnel->apply(config);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), code) << refused.error().message();
    const TunnelState after = end.state();
    EXPECT_EQ(after.listen_port, before.listen_port);
    EXPECT_EQ(after.public_key, before.public_key);
    EXPECT_EQ(after.device, before.device);
  }
}

TEST_P(TunnelContract, IsNoPeerOfItsOwn) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  DeviceConfig config;
  config.private_key = end.keys.private_key();
  config.peers = {stranger("10.8.0.0/16"), stranger("10.7.0.0/16")};
  config.peers[1].public_key = end.keys.public_key();
  TunnelPair::apply(end, config);
  EXPECT_EQ(end.state().device.peers.size(), 1u);
}

TEST_P(TunnelContract, TakesANewPrivateKey) {
  ASSERT_NO_FATAL_FAILURE(connect());
  ASSERT_EQ(pair_.to_right(), 1);
  pair_.left.keys = X25519KeyPair::generate(source_);
  TunnelPair::apply(pair_.right, pair_.right_config());
  TunnelPair::apply(pair_.left, pair_.left_config());
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_TRUE(pair_.right.shook_hands_with(left_key()));
}

TEST_P(TunnelContract, TellsOnceThatItsInterfaceWasRemovedAndRefusesCallsThen) {
  TunnelEnd& end = pair_.left;
  std::promise<std::string> ended;
  TunnelOptions options;
  options.on_end = [&](const std::string& why) { ended.set_value(why); };
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam(), options));
  ASSERT_TRUE(end.home->shell("ip link del wtd0"));
  auto told = ended.get_future();
  ASSERT_EQ(told.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_NE(told.get().find("removed"), std::string::npos);
  const Status refused = end.tunnel->apply({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_FALSE(end.tunnel->state().has_value());
  EXPECT_FALSE(end.tunnel->post([] {}));
  end.tunnel->counters();
}

TEST_P(TunnelContract, ConnectsAgainAfterARestart) {
  ASSERT_NO_FATAL_FAILURE(connect());
  ASSERT_EQ(pair_.to_right(), 1);
  pair_.left.tunnel.reset();
  TunnelOptions options;
  options.listen_port = 51820;
  ASSERT_NO_FATAL_FAILURE(pair_.left.open(GetParam(), options));
  pair_.left.address("10.7.0.1/32", "10.7.0.0/24");
  TunnelPair::apply(pair_.left, pair_.left_config());
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_EQ(pair_.to_left(), 1);
}

TEST_P(TunnelContract, CannotHaveANameOrAPortOfOthers) {
  TunnelEnd& end = pair_.left;
  ASSERT_NO_FATAL_FAILURE(end.open(GetParam()));
  ASSERT_TRUE(end.home->shell("ip link add other type veth peer name other2"));
  struct Case {
    const char* name;
    std::uint16_t port;
    std::uint32_t mtu;
    Code code;
  };
  for (const Case& row :
       {Case{"wtd0", 0, 1420, Code::already_exists}, Case{"other", 0, 1420, Code::already_exists},
        Case{"lo", 0, 1420, Code::already_exists}, Case{"a/b", 0, 1420, Code::invalid_argument},
        Case{"", 0, 1420, Code::invalid_argument},
        Case{"a-name-that-is-too-long", 0, 1420, Code::invalid_argument},
        Case{"wtd1", 0, 100, Code::invalid_argument},
        Case{"wtd1", end.state().listen_port, 1420, Code::already_exists}}) {
    TunnelOptions options;
    options.interface = row.name;
    options.listen_port = row.port;
    options.mtu = row.mtu;
    const auto made = end.try_open(GetParam(), options);
    ASSERT_FALSE(made.has_value()) << row.name;
    EXPECT_EQ(made.error().code(), row.code) << row.name << ": " << made.error().message();
  }
  EXPECT_TRUE(end.home->shell("! ip link show wtd1 2>/dev/null"));
  EXPECT_TRUE(end.home->shell("ip link show wtd0 >/dev/null && ip link show other >/dev/null"));
}

TEST_P(TunnelContract, KeepsItsPortInTheNamespaceOfItsCreation) {
  // Two tunnels over a cable that only their homes see; packets inside see none of it.
  ASSERT_NO_FATAL_FAILURE(connect());
  ASSERT_EQ(pair_.to_right(), 1);
  EXPECT_TRUE(pair_.left.home->shell("ss -ulnH 'sport = 51820' | grep -q 51820"));
  auto elsewhere = NetworkNamespace::make();
  EXPECT_FALSE(elsewhere->shell("ss -ulnH 'sport = 51820' | grep -q 51820"));
}

TEST_P(TunnelContract, LetsARestrictedPeerReachItsOneDestinationOnly) {
  ASSERT_TRUE(pair_.left.home && pair_.right.home);
  ASSERT_TRUE(join_by_cable(*pair_.left.home, *pair_.right.home));
  pair_.left.open(GetParam());
  TunnelOptions options;
  options.listen_port = 51820;
  pair_.right.open(GetParam(), options, true);
  pair_.left.address("10.7.0.1/32", "10.7.0.0/24");
  pair_.right.address("10.7.0.2/32", "10.7.0.0/24");
  ASSERT_TRUE(pair_.right.home->shell("ip addr add 10.7.0.3/32 dev wtd0"));
  DeviceConfig left = pair_.left_config();
  left.peers[0].allowed_ips.push_back(prefix("10.7.0.3/32"));
  DeviceConfig right = pair_.right_config();
  right.peers[0].only_destination = IpAddress::parse("10.7.0.3").value();
  TunnelPair::apply(pair_.right, right);
  TunnelPair::apply(pair_.left, left);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(pair_.to_right(1, 15000, "10.7.0.3"), 1);
    EXPECT_EQ(pair_.to_right(3, 200), 0);
    TunnelPair::apply(pair_.right, right);
  }
  right.peers[0].only_destination = IpAddress::parse("10.7.0.2").value();
  TunnelPair::apply(pair_.right, right);
  EXPECT_EQ(pair_.to_right(), 1);
  EXPECT_EQ(pair_.to_right(1, 200, "10.7.0.3"), 0);
  right.peers[0].only_destination.reset();
  TunnelPair::apply(pair_.right, right);
  EXPECT_EQ(pair_.to_right(), 1);
  EXPECT_EQ(pair_.to_right(1, 5000, "10.7.0.3"), 1);
}

TEST_P(TunnelContract, RunsPostedJobsOnAThreadOfItsOwn) {
  ASSERT_NO_FATAL_FAILURE(pair_.left.open(GetParam()));
  std::promise<std::thread::id> ran;
  ASSERT_TRUE(pair_.left.tunnel->post([&] { ran.set_value(std::this_thread::get_id()); }));
  auto thread = ran.get_future();
  ASSERT_EQ(thread.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_NE(thread.get(), std::this_thread::get_id());

  std::promise<void> held;
  std::promise<void> release;
  std::promise<void> over;
  ASSERT_TRUE(pair_.left.tunnel->post([&, released = release.get_future().share()] {
    held.set_value();
    released.wait();
    over.set_value();
  }));
  held.get_future().wait();
  int taken = 0;
  while (taken < 1000 && pair_.left.tunnel->post([] {})) ++taken;
  EXPECT_LT(taken, 100);
  release.set_value();
  over.get_future().wait();
  pair_.left.tunnel.reset();  // what the thread still holds of these goes with it
}

INSTANTIATE_TEST_SUITE_P(Backend, TunnelContract,
                         testing::Values(TunnelKind::embedded, TunnelKind::kernel),
                         [](const auto& row) { return std::string(tunnel_kind_name(row.param)); });

}  // namespace
}  // namespace weir
