#include <gtest/gtest.h>

#include <algorithm>

#include "common/tunnel/messages.h"
#include "tests/unit/common/tunnel/two_nodes.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SecretKey key_of(std::uint8_t byte) {
  SecretKey made;
  std::ranges::fill(made.writable(), byte);
  return made;
}

struct EngineConfig : TwoNodes {
  Status update(std::size_t node, const PeerUpdate& change) {
    return world.engine(node).update_peer(change, world.now(), world.output(node));
  }
  Status apply(std::size_t node, const DeviceConfig& config) {
    return world.engine(node).apply(config, world.now(), world.output(node));
  }
  PeerUpdate about(std::size_t node) const {
    PeerUpdate change;
    change.public_key = world.key(node);
    return change;
  }
  /// What node's device is, as a wish.
  DeviceConfig config_of(std::size_t node) {
    DeviceConfig config;
    const DeviceState state = world.engine(node).state();
    config.private_key = state.private_key;
    for (const PeerState& peer : state.peers) {
      config.peers.push_back({peer.public_key, peer.preshared_key, peer.endpoint,
                              peer.persistent_keepalive, peer.allowed_ips});
    }
    return config;
  }
};

TEST_F(EngineConfig, ChangesOnlyWhatAnUpdateNames) {
  PeerUpdate change = about(b);
  change.preshared_key = key_of(5);
  change.persistent_keepalive = seconds(7);
  change.allowed_ips = {*IpPrefix::parse("10.1.0.0/16")};
  ASSERT_TRUE(update(a, change).has_value());
  ASSERT_TRUE(update(a, about(b)).has_value());
  const PeerState state = world.peer(a, b);
  EXPECT_EQ(state.preshared_key, key_of(5));
  EXPECT_EQ(state.persistent_keepalive, seconds(7));
  EXPECT_EQ(state.endpoint, world.endpoint(b));
  EXPECT_EQ(state.allowed_ips.size(), 2U);

  change = about(b);
  change.preshared_key = PresharedKey();
  change.replace_allowed_ips = true;
  change.allowed_ips = {*IpPrefix::parse("10.2.0.0/16")};
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_FALSE(world.peer(a, b).preshared_key.has_value());
  EXPECT_EQ(world.peer(a, b).allowed_ips, change.allowed_ips);

  change = about(b);
  change.removed_allowed_ips = {*IpPrefix::parse("10.2.0.0/16"), *IpPrefix::parse("10.9.0.0/16")};
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_TRUE(world.peer(a, b).allowed_ips.empty());
}

TEST_F(EngineConfig, UpdatesOnlyKnownPeersWhenToldSo) {
  PeerUpdate change;
  change.public_key.fill(9);
  change.update_only = true;
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_FALSE(world.engine(a).has_peer(change.public_key));
  change.update_only = false;
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_TRUE(world.engine(a).has_peer(change.public_key));
  change.remove = true;
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_FALSE(world.engine(a).has_peer(change.public_key));
  ASSERT_TRUE(update(a, change).has_value()) << "removing an unknown peer is no error";
}

TEST_F(EngineConfig, ListsPeersInTheOrderOfTheirCreation) {
  for (const std::uint8_t byte : {std::uint8_t{9}, std::uint8_t{3}, std::uint8_t{7}}) {
    PeerUpdate change;
    change.public_key.fill(byte);
    ASSERT_TRUE(update(a, change).has_value());
  }
  PeerUpdate gone = about(b);
  gone.remove = true;
  ASSERT_TRUE(update(a, gone).has_value());
  PeerUpdate last;
  last.public_key.fill(1);
  ASSERT_TRUE(update(a, last).has_value());
  std::vector<int> order;
  for (const PeerState& peer : world.engine(a).state().peers) order.push_back(peer.public_key[0]);
  EXPECT_EQ(order, (std::vector<int>{9, 3, 7, 1}));
}

TEST_F(EngineConfig, RefusesKeepalivesThatDoNotFit) {
  PeerUpdate change = about(b);
  change.persistent_keepalive = seconds(65536);
  EXPECT_EQ(update(a, change).error().code(), Code::invalid_argument);
  DeviceConfig config = config_of(a);
  config.peers[0].persistent_keepalive = seconds(-1);
  EXPECT_EQ(apply(a, config).error().code(), Code::invalid_argument);
}

TEST_F(EngineConfig, IgnoresItselfAsAPeer) {
  ASSERT_TRUE(update(a, about(a)).has_value());
  EXPECT_FALSE(world.engine(a).has_peer(world.key(a)));
  DeviceConfig config = config_of(a);
  config.peers.push_back({world.key(a), {}, {}, seconds(0), {}});
  ASSERT_TRUE(apply(a, config).has_value());
  EXPECT_EQ(world.engine(a).state().peers.size(), 1U);
}

TEST_F(EngineConfig, RemovesThePeerItBecomes) {
  const PrivateKey of_b = *world.engine(b).state().private_key;
  world.engine(a).set_private_key(of_b, world.now(), world.output(a));
  EXPECT_FALSE(world.engine(a).has_peer(world.key(b)));
}

TEST_F(EngineConfig, ClampsPrivateKeysAndForgetsThemWhenZero) {
  world.engine(a).set_private_key(key_of(0xff), world.now(), world.output(a));
  const DeviceState state = world.engine(a).state();
  EXPECT_EQ(state.private_key->bytes()[0], 0xf8);
  EXPECT_EQ(state.private_key->bytes()[31], 0x7f);
  world.engine(a).set_private_key(PrivateKey(), world.now(), world.output(a));
  EXPECT_FALSE(world.engine(a).state().private_key.has_value());
  EXPECT_EQ(world.send(a, b, 1), InnerVerdict::staged);
  world.run(seconds(20));
  EXPECT_EQ(world.count(wire::k_initiation), 0U);
}

TEST_F(EngineConfig, ShakesHandsAtOnceAfterAChangeOfThePrivateKey) {
  connect();
  world.engine(a).set_private_key(key_of(0x42), world.now(), world.output(a));
  PeerUpdate known;
  known.public_key = *world.engine(a).public_key();
  known.endpoint = world.endpoint(a);
  known.allowed_ips = {IpPrefix::host(TunnelWorld::inner(a))};
  ASSERT_TRUE(update(b, known).has_value());
  EXPECT_EQ(world.send(a, b, 5), InnerVerdict::staged);
  world.run(milliseconds(100));
  EXPECT_EQ(world.delivered(b).back(), 5U);
}

TEST_F(EngineConfig, KeepsTheSessionWhenThePresharedKeyChanges) {
  connect();
  PeerUpdate change = about(b);
  change.preshared_key = key_of(5);
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_EQ(world.send(a, b, 1), InnerVerdict::sent);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b).back(), 1U);
  // The next handshake uses it: b does not know it yet, then it does.
  world.run(seconds(200));
  world.send(a, b, 2);
  world.run(seconds(4));
  EXPECT_EQ(world.delivered(b).back(), 1U);
  change.public_key = world.key(a);
  ASSERT_TRUE(update(b, change).has_value());
  world.run(seconds(6));
  EXPECT_EQ(world.delivered(b).back(), 2U);
}

TEST_F(EngineConfig, NeverSendsToAPeerWhoseKeyHasLowOrder) {
  for (const std::string_view low :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    PeerUpdate change;
    std::ranges::copy(*from_hex(low), change.public_key.begin());
    change.endpoint = world.endpoint(b);
    change.persistent_keepalive = seconds(1);
    change.allowed_ips = {*IpPrefix::parse("10.91.0.0/16")};
    ASSERT_TRUE(update(a, change).has_value());
    world.send_raw(a, ipv4_packet(TunnelWorld::inner(a), *IpAddress::parse("10.91.0.1"), {}));
    world.run(seconds(10));
  }
  EXPECT_TRUE(world.wire.empty());
}

TEST_F(EngineConfig, AppliesAWishWithoutDisturbingWhatStays) {
  connect();
  const auto sent = world.wire.size();
  ASSERT_TRUE(apply(a, config_of(a)).has_value());
  EXPECT_EQ(world.wire.size(), sent);
  EXPECT_EQ(world.send(a, b, 1), InnerVerdict::sent);
  world.run(milliseconds(100));
  EXPECT_EQ(world.delivered(b).back(), 1U);
}

TEST_F(EngineConfig, ReachesAnIpv4EndpointThatIsWrittenAsIpv6) {
  PeerUpdate change = about(b);
  change.endpoint = *Endpoint::parse("[::ffff:192.0.2.2]:51820");
  ASSERT_TRUE(update(a, change).has_value());
  EXPECT_EQ(world.peer(a, b).endpoint, world.endpoint(b));
  connect();
}

TEST_F(EngineConfig, KeepsARoamedEndpointUnlessTheWishChanges) {
  const DeviceConfig wish = config_of(b);
  ASSERT_TRUE(apply(b, wish).has_value());
  world.move(a, *Endpoint::parse("198.51.100.1:9"));
  connect();
  ASSERT_EQ(world.peer(b, a).endpoint, *Endpoint::parse("198.51.100.1:9"));
  ASSERT_TRUE(apply(b, wish).has_value());
  EXPECT_EQ(world.peer(b, a).endpoint, *Endpoint::parse("198.51.100.1:9"));
  DeviceConfig other = wish;
  other.peers[0].endpoint = *Endpoint::parse("203.0.113.1:1");
  ASSERT_TRUE(apply(b, other).has_value());
  EXPECT_EQ(world.peer(b, a).endpoint, *Endpoint::parse("203.0.113.1:1"));
}

TEST_F(EngineConfig, AppliesRemovalsAdditionsAndMovesOfPrefixesInOneStep) {
  const std::size_t c = world.add();
  world.join(a, c);
  DeviceConfig wish = config_of(a);
  std::swap(wish.peers[0].allowed_ips, wish.peers[1].allowed_ips);
  ASSERT_TRUE(apply(a, wish).has_value());
  EXPECT_EQ(world.peer(a, b).allowed_ips, std::vector{IpPrefix::host(TunnelWorld::inner(c))});
  EXPECT_EQ(world.peer(a, c).allowed_ips, std::vector{IpPrefix::host(TunnelWorld::inner(b))});
  wish.peers.erase(wish.peers.begin());
  ASSERT_TRUE(apply(a, wish).has_value());
  EXPECT_FALSE(world.engine(a).has_peer(world.key(b)));
  EXPECT_TRUE(world.engine(a).has_peer(world.key(c)));
}

TEST_F(EngineConfig, RefusesAWishThatNamesAPeerTwiceAndChangesNothing) {
  DeviceConfig wish = config_of(a);
  wish.peers.push_back(wish.peers[0]);
  wish.private_key = key_of(1);
  const Status applied = apply(a, wish);
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().code(), Code::invalid_argument);
  EXPECT_NE(applied.error().message().find(to_base64(world.key(b))), std::string::npos);
  EXPECT_EQ(world.engine(a).public_key(), world.key(a));
}

TEST_F(EngineConfig, RemovesAllPeersAndTheirTimers) {
  connect();
  world.send(a, b, 1);
  world.engine(a).remove_all_peers();
  EXPECT_TRUE(world.engine(a).state().peers.empty());
  EXPECT_FALSE(world.engine(a).next_timer().has_value());
  EXPECT_EQ(world.send(a, b, 1), InnerVerdict::no_peer);
  world.join(a, b);
  world.run(seconds(1));
  world.send(a, b, 9);
  world.run(seconds(10));
  EXPECT_EQ(world.delivered(b).back(), 9U);
}

TEST_F(EngineConfig, LimitsAllowedIps) {
  PeerUpdate change = about(b);
  change.allowed_ips.assign(Engine::k_allowed_ips_max, *IpPrefix::parse("10.0.0.0/8"));
  EXPECT_EQ(update(a, change).error().code(), Code::resource_exhausted);
}

}  // namespace
}  // namespace weir
