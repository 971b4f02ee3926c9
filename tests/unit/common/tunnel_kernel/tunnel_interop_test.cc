// Tunnels of both kinds with each other over a cable, with delay and loss where the kernel can
// emulate them (sch_netem), and what the kernel's own test of WireGuard asks of an implementation.

#include <gtest/gtest.h>

#include <chrono>
#include <tuple>

#include "tests/unit/common/tunnel_kernel/tunnel_pair.h"

namespace weir {
namespace {

using std::chrono::seconds;

struct Meeting {
  TunnelKind left;
  TunnelKind right;
};

class TunnelInterop : public testing::TestWithParam<Meeting> {
 protected:
  void SetUp() override {
    for (const TunnelKind kind : {GetParam().left, GetParam().right}) {
      if (const std::string reason = why_not(kind); !reason.empty()) GTEST_SKIP() << reason;
    }
    pair_.open(GetParam().left, GetParam().right);
  }
  PublicKey left_key() const { return pair_.left.keys.public_key(); }
  PublicKey right_key() const { return pair_.right.keys.public_key(); }

  /// Both directions of the cable. False where this kernel has no sch_netem.
  bool emulate(const std::string& what) const {
    const std::string command = "tc qdisc replace dev cable root netem " + what + " 2>/dev/null";
    const bool can = pair_.left.home->shell(command) && pair_.right.home->shell(command);
    if (!can && std::getenv("WEIR_NEED_KERNEL_WIREGUARD") != nullptr) ADD_FAILURE() << "no netem";
    return can;
  }

  SystemKeySource source_;
  TunnelPair pair_;
};

TEST_P(TunnelInterop, ShakesHandsWhoeverBegins) {
  pair_.connect();
  EXPECT_EQ(pair_.to_right(3, 15000), 3);
  EXPECT_EQ(pair_.to_left(3), 3);
}

TEST_P(TunnelInterop, ShakesHandsOverIpv6AndCarriesIt) {
  pair_.connect("[fd09::2]:51820");
  EXPECT_EQ(pair_.to_right(3, 15000, "fd07::2"), 3);
  EXPECT_EQ(pair_.to_left(3, 5000, "fd07::1"), 3);
  EXPECT_EQ(pair_.to_right(3), 3);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("[fd09::1]:51820"));
}

TEST_P(TunnelInterop, ShakesHandsWithAPresharedKey) {
  DeviceConfig left = pair_.left_config();
  DeviceConfig right = pair_.right_config();
  right.peers[0].preshared_key = PresharedKey(X25519KeyPair::generate(source_).private_key());
  left.peers[0].preshared_key = right.peers[0].preshared_key;
  TunnelPair::apply(pair_.right, right);
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.to_right(3, 15000), 3);
  EXPECT_EQ(pair_.to_left(3), 3);
}

TEST_P(TunnelInterop, CarriesThroughDelayAndLoss) {
  if (!emulate("delay 20ms 5ms loss 5%")) GTEST_SKIP() << "no sch_netem";
  pair_.connect();
  ASSERT_TRUE(comes_true([&] { return pair_.to_right(1, 200) == 1; }, 40));
  // Of 100, five are lost on the average; more than twenty in one of a hundred million runs.
  EXPECT_GE(pair_.to_right(100, 200), 80);
  EXPECT_GE(pair_.to_left(100, 200), 80);
}

TEST_P(TunnelInterop, FollowsAnEndThatMoves) {
  pair_.connect();
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  ASSERT_TRUE(pair_.left.home->shell(
      "ip addr add 10.9.0.7/24 dev cable && ip addr del 10.9.0.1/24 dev cable; "
      "ip addr replace 10.9.0.7/24 dev cable"));
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("10.9.0.7:51820"));
  EXPECT_EQ(pair_.to_left(), 1);

  DeviceConfig moved = pair_.left_config();
  moved.listen_port = 40000;
  TunnelPair::apply(pair_.left, moved);
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("10.9.0.7:40000"));

  moved.peers[0].endpoint = endpoint("[fd09::2]:51820");
  TunnelPair::apply(pair_.left, moved);
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_EQ(pair_.right.peer(left_key()).endpoint, endpoint("[fd09::1]:40000"));
  EXPECT_EQ(pair_.to_left(), 1);
}

TEST_P(TunnelInterop, ShakesHandsAgainWhenOneEndForgot) {
  pair_.connect();
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  pair_.right.tunnel.reset();
  TunnelOptions options;
  options.listen_port = 51820;
  pair_.right.open(GetParam().right, options);
  pair_.right.address("10.7.0.2/32", "10.7.0.0/24");
  DeviceConfig right = pair_.right_config();
  right.peers[0].endpoint = endpoint("10.9.0.1:51820");
  TunnelPair::apply(pair_.right, right);
  EXPECT_EQ(pair_.to_left(1, 15000), 1);  // the one that forgot begins
  EXPECT_EQ(pair_.to_right(), 1);
}

TEST_P(TunnelInterop, PadsToSixteenBytesAndNeverBeyondTheMtu) {
  pair_.connect();
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  const std::string ping = "ping -q -c 1 -W 5 -M do -s ";
  struct Case {
    int inner;  // of the IP packet
    std::uint64_t outer;
  };
  for (const Case& row : {Case{84, 96 + 32}, Case{96, 96 + 32}, Case{97, 112 + 32},
                          Case{1419, 1420 + 32}, Case{1420, 1420 + 32}}) {
    const std::uint64_t before = pair_.left.peer(right_key()).tx_bytes;
    ASSERT_TRUE(
        pair_.left.home->shell(ping + std::to_string(row.inner - 28) + " 10.7.0.2 >/dev/null"));
    EXPECT_EQ(pair_.left.peer(right_key()).tx_bytes, before + row.outer) << row.inner;
  }
}

TEST_P(TunnelInterop, CarriesPacketsLargerThanAnyCable) {
  pair_.connect();
  for (const TunnelEnd* end : {&pair_.left, &pair_.right}) {
    ASSERT_TRUE(end->home->shell("ip link set wtd0 mtu 34736"));
    ASSERT_TRUE(comes_true([&] { return end->state().mtu == 34736; }));
  }
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  EXPECT_TRUE(pair_.left.home->shell("ping -q -c 3 -W 5 -s 34708 10.7.0.2 >/dev/null"));
}

TEST_P(TunnelInterop, LetsTheLongestPrefixOwnAnAddress) {
  pair_.connect();
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  DeviceConfig left = pair_.left_config();
  PeerConfig narrower;
  narrower.public_key = X25519KeyPair::generate(source_).public_key();
  narrower.allowed_ips = {prefix("10.7.0.2/32")};
  left.peers[0].allowed_ips = {prefix("10.7.0.0/24")};
  left.peers.push_back(narrower);
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.to_right(1, 300), 0);
  EXPECT_EQ(pair_.to_left(1, 300), 0);
  left.peers.pop_back();
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.to_right(), 1);
  EXPECT_EQ(pair_.to_left(), 1);
}

TEST_P(TunnelInterop, SendsNothingToKeysOfLowOrder) {
  DeviceConfig left = pair_.left_config();
  left.peers[0].public_key = PublicKey{};
  left.peers.push_back(left.peers[0]);
  left.peers[1].public_key[0] = 1;
  left.peers[1].allowed_ips = {prefix("10.7.0.9/32")};
  TunnelPair::apply(pair_.left, left);
  EXPECT_EQ(pair_.to_right(1, 300), 0);
  EXPECT_EQ(pair_.to_right(1, 300, "10.7.0.2"), 0);
  for (const PeerState& peer : pair_.left.state().device.peers) EXPECT_EQ(peer.tx_bytes, 0u);
}

TEST_P(TunnelInterop, EndsALoopOfRoutes) {
  // The way to the right one's endpoint leads into the tunnel itself.
  pair_.connect("10.7.0.2:51820");
  EXPECT_EQ(pair_.to_right(3, 200), 0);
  EXPECT_LT(pair_.left.peer(right_key()).tx_bytes, 70000u);
  pair_.connect();
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
}

TEST_P(TunnelInterop, RenewsItsSessionUnderTrafficWithoutLoss) {
  if (std::getenv("WEIR_TEST_REKEY") == nullptr) {
    GTEST_SKIP() << "two minutes; WEIR_TEST_REKEY=1 runs it";
  }
  pair_.connect();
  ASSERT_EQ(pair_.to_right(1, 15000), 1);
  const auto first = *pair_.left.peer(right_key()).last_handshake;
  int sent = 0;
  int arrived = 0;
  const auto renewed = [&] {
    ++sent;
    arrived += pair_.to_right(1, 3000);
    ::poll(nullptr, 0, 1000);
    return *pair_.left.peer(right_key()).last_handshake > first;
  };
  EXPECT_TRUE(comes_true(renewed, 135));
  EXPECT_EQ(arrived, sent);
  EXPECT_GE(*pair_.left.peer(right_key()).last_handshake - first, seconds(118));
  EXPECT_EQ(pair_.to_right(3), 3);
  EXPECT_EQ(pair_.to_left(3), 3);
}

INSTANTIATE_TEST_SUITE_P(Meetings, TunnelInterop,
                         testing::Values(Meeting{TunnelKind::embedded, TunnelKind::kernel},
                                         Meeting{TunnelKind::kernel, TunnelKind::embedded},
                                         Meeting{TunnelKind::embedded, TunnelKind::embedded},
                                         Meeting{TunnelKind::kernel, TunnelKind::kernel}),
                         [](const auto& row) {
                           return std::string(tunnel_kind_name(row.param.left)) + "_to_" +
                                  std::string(tunnel_kind_name(row.param.right));
                         });

}  // namespace
}  // namespace weir
