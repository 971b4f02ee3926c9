#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "common/tunnel/messages.h"
#include "tests/unit/common/tunnel/two_nodes.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration k_ten_years = std::chrono::hours(24 * 3650);
constexpr Duration k_slack = milliseconds(335);  // of a timer with jitter

struct EngineTimers : TwoNodes {
  /// Seconds after `since` at which `from` sent messages of this type.
  std::vector<double> sent(std::uint32_t type, std::size_t from, Time since) const {
    std::vector<double> times;
    for (const auto& datagram : world.wire) {
      if (datagram.type() != type || datagram.from != from || datagram.sent < since) continue;
      times.push_back(std::chrono::duration<double>(datagram.sent - since).count());
    }
    return times;
  }
  void cut() { world.faults.loss = 1; }
  void mend() { world.faults.loss = 0; }
};

TEST_F(EngineTimers, RetryAnInitiationEveryFiveSecondsWithJitterForNinety) {
  cut();
  const Time start = world.now();
  world.send(a, b, 1);
  world.run(seconds(300));
  const auto times = sent(wire::k_initiation, a, start);
  ASSERT_GE(times.size(), 17U);
  ASSERT_LE(times.size(), 18U);
  double least = 1;
  double most = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const double jitter = times[i] - times[i - 1] - 5;
    least = std::min(least, jitter);
    most = std::max(most, jitter);
  }
  EXPECT_GE(least, 0);
  EXPECT_LE(most, 0.334);
  EXPECT_GT(most - least, 0.05);
  EXPECT_LT(times.back(), 90);
  EXPECT_EQ(world.engine(a).counters().dropped_staged, 1U);
}

TEST_F(EngineTimers, KeepTheInterfaceOfALinkLocalPeer) {
  PeerUpdate change;
  change.public_key = world.key(b);
  change.endpoint = *Endpoint::parse("[fe80::1]:51820");
  change.endpoint_interface = 7;
  ASSERT_TRUE(world.engine(a).update_peer(change, world.now(), world.output(a)));
  cut();
  world.send(a, b, 1);
  world.run(seconds(20));
  ASSERT_GE(world.count(wire::k_initiation, a), 3U);
  for (const auto& datagram : world.wire) {
    if (datagram.from == a) EXPECT_EQ(datagram.to.interface_index, 7U);
  }
  EXPECT_EQ(world.peer(a, b).endpoint_interface, 7U);
}

TEST_F(EngineTimers, StartAnewForAPacketAfterGivingUp) {
  cut();
  world.send(a, b, 1);
  world.run(seconds(120));
  mend();
  world.send(a, b, 2);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{2});
}

TEST_F(EngineTimers, AcceptAResponseUntilTheRetry) {
  world.faults.delay = milliseconds(2450);
  world.send(a, b, 1);
  world.run(seconds(9));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
  EXPECT_EQ(world.count(wire::k_initiation), 1U);
}

TEST_F(EngineTimers, SendAKeepaliveTenSecondsAfterDataWithoutAnAnswer) {
  connect();
  const Time start = world.now();
  world.run(seconds(8));  // the data arrived 980 ms ago by then plus 8
  EXPECT_TRUE(sent(wire::k_data, b, start).empty());
  world.run(seconds(2));
  EXPECT_EQ(sent(wire::k_data, b, start).size(), 1U);
  EXPECT_EQ(world.engine(b).counters().keepalives_sent, 1U);
}

TEST_F(EngineTimers, SendNoKeepaliveWhenDataWentBack) {
  connect();
  world.run(seconds(5));
  world.send(b, a, 1);
  world.run(seconds(8));
  EXPECT_EQ(world.engine(b).counters().keepalives_sent, 0U);
}

TEST_F(EngineTimers, AnswerNoKeepaliveWithAKeepalive) {
  connect();
  const auto quiet_from = world.now() + seconds(30);
  world.run(seconds(3600));
  EXPECT_TRUE(sent(wire::k_data, a, quiet_from).empty());
  EXPECT_TRUE(sent(wire::k_data, b, quiet_from).empty());
  EXPECT_EQ(world.count(wire::k_initiation), 1U);
  EXPECT_FALSE(world.engine(a).next_timer().has_value()) << "idle engines do not wake";
  EXPECT_FALSE(world.engine(b).next_timer().has_value());
}

TEST_F(EngineTimers, TimeTheKeepaliveFromTheFirstUnansweredPacket) {
  connect();
  world.run(seconds(20));
  const Time start = world.now();
  for (int i = 0; i < 8; ++i) {
    world.send(a, b, 1);
    world.run(seconds(1));
  }
  world.run(seconds(3));
  const auto times = sent(wire::k_data, b, start);
  ASSERT_EQ(times.size(), 1U);
  EXPECT_NEAR(times[0], 10.01, 0.005);
}

TEST_F(EngineTimers, StartAHandshakeFifteenSecondsAfterDataWithoutAnAnswer) {
  connect();
  world.run(seconds(20));
  cut();
  const Time start = world.now();
  world.send(a, b, 1);
  world.run(seconds(14));
  EXPECT_TRUE(sent(wire::k_initiation, a, start).empty());
  world.run(seconds(1) + k_slack);
  EXPECT_EQ(sent(wire::k_initiation, a, start).size(), 1U);
}

TEST_F(EngineTimers, RekeyAsInitiatorOnTheFirstPacketAfterTwoMinutes) {
  connect();
  world.run(seconds(118));
  const Time start = world.now();
  world.send(a, b, 1);
  EXPECT_TRUE(sent(wire::k_initiation, a, start).empty());
  world.run(seconds(2));
  world.send(b, a, 2);
  EXPECT_TRUE(sent(wire::k_initiation, b, start).empty()) << "the responder does not";
  world.send(a, b, 3);
  EXPECT_EQ(sent(wire::k_initiation, a, start).size(), 1U);
  world.send(a, b, 4);
  EXPECT_EQ(sent(wire::k_initiation, a, start).size(), 1U);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), (std::vector<std::uint64_t>{0, 1, 3, 4}));
}

TEST_F(EngineTimers, RekeyOnceWhenReceivingOnAnOldSessionAsInitiator) {
  connect();
  const Time start = world.now();
  world.run(seconds(163));
  world.send(b, a, 1);
  world.run(milliseconds(500));
  EXPECT_TRUE(sent(wire::k_initiation, a, start).empty());
  world.run(seconds(1));
  world.filter = [](const auto& datagram) { return datagram.type() == wire::k_data; };
  for (int i = 0; i < 5; ++i) {
    world.send(b, a, 2);
    world.run(milliseconds(200));
  }
  EXPECT_EQ(sent(wire::k_initiation, a, start).size(), 1U);
  EXPECT_TRUE(sent(wire::k_initiation, b, start).empty());

  // The session that comes of it is renewed the same way.
  world.filter = nullptr;
  world.run(seconds(7));
  ASSERT_EQ(world.engine(a).counters().handshakes_completed, 2U);
  const Time renewed = world.now();
  world.run(seconds(163));
  world.send(b, a, 3);
  world.run(milliseconds(500));
  EXPECT_EQ(sent(wire::k_initiation, a, renewed).size(), 1U);
}

TEST_F(EngineTimers, UseNoSessionAfterThreeMinutes) {
  connect();
  world.run(seconds(120));
  world.filter = [](const auto& datagram) { return datagram.type() == wire::k_data; };
  world.run(seconds(58));  // 179 s
  EXPECT_EQ(world.send(b, a, 1), InnerVerdict::sent);
  const ByteVector late = world.wire.back().bytes;
  world.run(seconds(2));  // 181 s
  EXPECT_EQ(world.send(b, a, 2), InnerVerdict::staged);
  world.inject(a, late, world.endpoint(b));
  EXPECT_EQ(world.engine(a).counters().dropped_expired_session, 1U);
}

TEST_F(EngineTimers, ForgetAllKeysAfterNineMinutes) {
  connect();
  const ByteVector old = world.wire.back().bytes;
  world.run(seconds(538));
  world.inject(b, old, world.endpoint(a));
  EXPECT_EQ(world.engine(b).counters().dropped_expired_session, 1U);
  world.run(seconds(2));
  world.inject(b, old, world.endpoint(a));
  EXPECT_EQ(world.engine(b).counters().dropped_unknown_session, 1U);
  world.send(a, b, 5);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b).back(), 5U);
}

TEST_F(EngineTimers, ForgetAHandshakeThatNobodyAnswered) {
  world.filter = [](const auto& datagram) { return datagram.type() != wire::k_response; };
  world.send(a, b, 1);
  world.run(seconds(90 + 5 + 540) + k_slack);
  ByteVector response;
  for (const auto& datagram : world.wire) {
    if (datagram.type() == wire::k_response) response = datagram.bytes;
  }
  world.inject(a, response, world.endpoint(b));
  EXPECT_EQ(world.engine(a).counters().dropped_handshake, 1U);
  EXPECT_EQ(world.engine(a).counters().handshakes_completed, 0U);
}

TEST_F(EngineTimers, SendPersistentKeepalivesOnlyWhenIdle) {
  PeerUpdate update;
  update.public_key = world.key(b);
  update.persistent_keepalive = seconds(25);
  ASSERT_TRUE(world.engine(a).update_peer(update, world.now(), world.output(a)).has_value());
  world.run(seconds(1));
  EXPECT_EQ(world.engine(a).counters().keepalives_sent, 1U) << "at once, by a handshake";
  for (int i = 0; i < 100; ++i) {
    world.send(a, b, 1);
    world.run(seconds(1));
  }
  EXPECT_LE(world.engine(a).counters().keepalives_sent, 2U) << "one more proves a new session";
  const auto before = world.engine(a).counters().keepalives_sent;
  const Time start = world.now();
  world.run(seconds(100));
  const auto idle = world.engine(a).counters().keepalives_sent - before;
  EXPECT_GE(idle, 3U);
  EXPECT_LE(idle, 6U);
  EXPECT_NEAR(sent(wire::k_data, a, start).front(), 10 + 25, 0.1) << "25 s after b's keepalive";
  update.persistent_keepalive = seconds(0);
  ASSERT_TRUE(world.engine(a).update_peer(update, world.now(), world.output(a)).has_value());
  world.run(seconds(60));
  const auto off = world.engine(a).counters().keepalives_sent;
  world.run(seconds(600));
  EXPECT_EQ(world.engine(a).counters().keepalives_sent, off);
}

TEST_F(EngineTimers, KeepAPersistentTunnelUpForHours) {
  PeerUpdate update;
  update.public_key = world.key(b);
  update.persistent_keepalive = seconds(25);
  ASSERT_TRUE(world.engine(a).update_peer(update, world.now(), world.output(a)).has_value());
  world.run(std::chrono::hours(4));
  const auto handshakes = world.count(wire::k_initiation, a);
  EXPECT_NEAR(static_cast<double>(handshakes), 4 * 3600 / 125.0, 20);
  EXPECT_EQ(world.send(b, a, 9), InnerVerdict::sent);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(a).back(), 9U);
}

TEST_F(EngineTimers, SendAfterAResponseTheirOwnInitiationOnlyFiveSecondsLater) {
  // The proof of the new session is lost: b, asked to send, waits its turn and then starts itself.
  world.filter = [](const auto& datagram) { return datagram.type() != wire::k_data; };
  const Time start = world.now();
  world.send(a, b, 1);
  world.run(milliseconds(50));
  world.filter = nullptr;
  EXPECT_EQ(world.send(b, a, 2), InnerVerdict::staged);
  world.run(seconds(4));
  EXPECT_TRUE(sent(wire::k_initiation, b, start).empty());
  world.run(seconds(2));
  EXPECT_EQ(sent(wire::k_initiation, b, start).size(), 1U);
  EXPECT_EQ(world.delivered(a), std::vector<std::uint64_t>{2});
}

TEST_F(EngineTimers, StandAClockThatGoesBackwards) {
  connect();
  const Time now = world.now();
  world.engine(a).on_timer(now - std::chrono::hours(2), world.output(a));
  const ByteVector packet = ipv4_packet(TunnelWorld::inner(a), TunnelWorld::inner(b), {});
  EXPECT_EQ(world.engine(a).on_inner_packet(packet, now - seconds(3600), world.output(a)),
            InnerVerdict::sent);
  EXPECT_EQ(world.count(wire::k_initiation), 1U);
}

TEST_F(EngineTimers, RecoverFromALongSleep) {
  connect();
  world.sleep(std::chrono::hours(5));
  EXPECT_EQ(world.send(a, b, 5), InnerVerdict::staged);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b).back(), 5U);
}

TEST_F(EngineTimers, CountASessionsAgeFromTheInitiationThatMadeIt) {
  // The machine sleeps while the response is on its way: b's copy is older than its arrival says.
  world.send(a, b, 1);
  world.run(milliseconds(15));
  world.sleep(seconds(60));
  world.run(seconds(1));
  ASSERT_EQ(world.count(wire::k_initiation), 1U);
  for (std::uint64_t i = 2; i < 20; ++i) {
    world.run(seconds(10));
    world.send(a, b, i);
    world.run(seconds(1));
    EXPECT_EQ(world.delivered(b).back(), i);
  }
}

TEST_F(EngineTimers, StayUsableWhenTheWallClockJumpsAheadAndBack) {
  world.wall_offset += k_ten_years;
  connect();
  world.wall_offset -= k_ten_years;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    world.run(seconds(600));
    world.send(a, b, i);
    world.run(seconds(1));
    EXPECT_EQ(world.delivered(b).back(), i);
  }
  // Nor does it help to take the peer away and to give it back.
  PeerUpdate gone;
  gone.public_key = world.key(b);
  gone.remove = true;
  ASSERT_TRUE(world.engine(a).update_peer(gone, world.now(), world.output(a)).has_value());
  ASSERT_TRUE(
      world.engine(a).update_peer(world.peer_of(b), world.now(), world.output(a)).has_value());
  world.send(a, b, 9);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b).back(), 9U);
}

ByteVector numbered(std::size_t from, std::size_t to, std::uint64_t number) {
  std::array<std::uint8_t, 8> payload{};
  store_be64(payload.data(), number);
  return ipv4_packet(TunnelWorld::inner(from), TunnelWorld::inner(to), payload);
}

/// Another engine with `node`'s key, as after a restart.
std::size_t again(TunnelWorld& world, std::size_t node, std::size_t other,
                  Engine::Options options) {
  const auto key = *world.engine(node).state().private_key;
  const PeerUpdate peer = world.peer_of(other);
  world.engine(node).take_down();
  const std::size_t fresh = world.add(options);
  world.engine(fresh).set_private_key(key, world.now(), world.output(fresh));
  EXPECT_TRUE(world.engine(fresh).update_peer(peer, world.now(), world.output(fresh)).has_value());
  return fresh;
}

TEST_F(EngineTimers, AreHeardAfterARestartAboveTheFloorOfTheLastRun) {
  world.wall_offset += k_ten_years;
  connect();
  const std::uint64_t floor = world.engine(a).timestamp_sent_ns();
  EXPECT_GT(floor, 0U);
  world.wall_offset -= k_ten_years;
  const std::size_t fresh = again(world, a, b, {.timestamp_floor_ns = floor});
  world.run(seconds(6));
  world.forget_delivered(b);
  world.filter =
      [&](const TunnelWorld::Datagram& one) {  // of b's own initiations none gets through
        return one.from != b || one.type() != wire::k_initiation;
      };
  world.send_raw(fresh, numbered(a, b, 7));
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{7});
  EXPECT_GT(world.engine(fresh).timestamp_sent_ns(), floor);
}

TEST_F(EngineTimers, AskAPeerWhoseTimestampsWentBack) {
  world.wall_offset += k_ten_years;
  connect();
  world.wall_offset -= k_ten_years;
  const std::size_t fresh = again(world, a, b, {});
  world.run(seconds(6));
  world.forget_delivered(b);
  world.send_raw(fresh, numbered(a, b, 7));
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{7});
  EXPECT_EQ(world.engine(b).counters().dropped_handshake, 1U);
}

TEST_F(EngineTimers, AskNobodyForACopyOfWhatWasJustAnswered) {
  connect();
  const auto initiation =
      std::ranges::find(world.wire, wire::k_initiation, [](const auto& one) { return one.type(); });
  ASSERT_NE(initiation, world.wire.end());
  const ByteVector copy = initiation->bytes;
  world.inject(b, copy, world.endpoint(a));
  world.run(seconds(3));
  EXPECT_EQ(world.count(wire::k_initiation, b), 0U);
  // Later ones, from anywhere, cost one initiation in five seconds, and the peer gets it too.
  world.run(seconds(3));
  for (int i = 0; i < 50; ++i) {
    world.inject(b, copy, *Endpoint::parse("203.0.113.66:1"));
    world.run(std::chrono::milliseconds(100));
  }
  std::vector<Endpoint> asked;
  for (const TunnelWorld::Datagram& one : world.wire) {
    if (one.from == b && one.type() == wire::k_initiation) asked.push_back(one.to.remote);
  }
  EXPECT_EQ(asked, (std::vector{world.endpoint(a), *Endpoint::parse("203.0.113.66:1")}));
  EXPECT_EQ(world.peer(b, a).endpoint, world.endpoint(a));
}

TEST_F(EngineTimers, DoNothingWhenDown) {
  connect();
  world.send(a, b, 1);
  world.engine(a).take_down();
  EXPECT_FALSE(world.engine(a).next_timer().has_value());
  const auto before = world.wire.size();
  world.send(b, a, 2);
  world.run(seconds(5));
  EXPECT_EQ(world.delivered(a).size(), 0U);
  EXPECT_EQ(world.count(wire::k_data, a) + world.count(wire::k_initiation, a),
            before - world.count(wire::k_response, b));
  world.engine(a).bring_up(world.now(), world.output(a));
  world.send(a, b, 3);
  world.run(seconds(6));
  EXPECT_EQ(world.delivered(b).back(), 3U);
}

}  // namespace
}  // namespace weir
