#include <gtest/gtest.h>

#include "common/crypto/aead.h"
#include "common/crypto/x25519.h"
#include "common/tunnel/cookie.h"
#include "common/tunnel/messages.h"
#include "common/tunnel/noise.h"
#include "common/tunnel/session.h"
#include "common/tunnel/tai64n.h"
#include "tests/unit/common/tunnel/two_nodes.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct HostileWire : TwoNodes {
  HostileWire() : stranger(5) {}

  /// The last datagram of this type on the wire.
  ByteVector last(std::uint32_t type) const {
    for (auto datagram = world.wire.rbegin(); datagram != world.wire.rend(); ++datagram) {
      if (datagram->type() == type) return datagram->bytes;
    }
    ADD_FAILURE() << "none of type " << type;
    return {};
  }
  const EngineCounters& at(std::size_t node) { return world.engine(node).counters(); }

  struct Initiation {
    X25519KeyPair ephemeral;
    NoiseState state;
    ByteVector message;
  };
  /// An initiation to `to` by somebody with this key, authentic in itself.
  Initiation initiate(const X25519KeyPair& who, std::size_t to, const Tai64n& stamp) {
    Initiation made{X25519KeyPair::generate(stranger), NoiseState::wireguard(),
                    ByteVector(wire::k_initiation_size)};
    store_le32(made.message.data(), wire::k_initiation);
    store_le32(made.message.data() + 4, 0x01020304);
    const SecretKey ss = *who.agree(world.key(to));
    EXPECT_TRUE(noise_write_first(made.state, made.ephemeral, who.public_key(), world.key(to), ss,
                                  stamp, made.message.data() + wire::k_initiation_noise));
    CookieJar(world.key(to)).add_macs(made.message, world.now());
    return made;
  }
  ByteVector initiation_by(const X25519KeyPair& who, std::size_t to, const Tai64n& stamp) {
    return initiate(who, to, stamp).message;
  }
  static Tai64n stamp(std::uint8_t n) {
    Tai64n made{};
    made[0] = 0x50;
    made[11] = n;
    return made;
  }

  SeededKeys stranger;
};

TEST_F(HostileWire, IgnoresWhatIsNoMessage) {
  connect();
  const auto sent = world.wire.size();
  for (const int length : {0, 1, 3, 4, 16, 31, 63, 65, 91, 93, 147, 149, 1500, 65535}) {
    for (std::uint8_t type = 0; type < 8; ++type) {
      ByteVector junk(static_cast<std::size_t>(length), 0);
      if (length > 0) junk[0] = type;
      world.inject(b, junk, world.endpoint(a));
    }
  }
  for (const std::size_t reserved : {1U, 2U, 3U}) {
    world.send(a, b, 1);
    ByteVector marked = world.wire.back().bytes;
    marked[reserved] = 1;
    world.inject(b, marked, world.endpoint(a));
  }
  EXPECT_GT(at(b).dropped_malformed, 90U);
  EXPECT_EQ(world.wire.size(), sent + 3);
  world.run(seconds(1));
  world.send(a, b, 5);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b).back(), 5U);
}

TEST_F(HostileWire, RefusesAPacketTheSecondTime) {
  connect();
  world.send(a, b, 5);
  const ByteVector packet = last(wire::k_data);
  world.run(seconds(1));
  const auto delivered = world.delivered(b).size();
  world.inject(b, packet, *Endpoint::parse("203.0.113.66:1"));
  EXPECT_EQ(world.delivered(b).size(), delivered);
  EXPECT_EQ(at(b).dropped_replay, 1U);
  EXPECT_EQ(world.peer(b, a).endpoint, world.endpoint(a)) << "a replay moves nobody";
}

TEST_F(HostileWire, RefusesEveryFlippedBitOfAPacketBeforeItCounts) {
  connect();
  world.faults.loss = 1;
  world.send(a, b, 5);
  const ByteVector packet = last(wire::k_data);
  for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
    ByteVector broken = packet;
    broken[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    world.inject(b, broken, *Endpoint::parse("203.0.113.66:1"));
  }
  EXPECT_EQ(world.peer(b, a).endpoint, world.endpoint(a));
  world.inject(b, packet, world.endpoint(a));
  EXPECT_EQ(world.delivered(b).back(), 5U) << "the window is checked after authentication";
}

TEST_F(HostileWire, RefusesAnInitiationTheSecondTime) {
  connect();
  const ByteVector initiation = last(wire::k_initiation);
  world.run(seconds(10));
  const auto responses = world.count(wire::k_response);
  world.inject(b, initiation, *Endpoint::parse("203.0.113.66:1"));
  EXPECT_EQ(world.count(wire::k_response), responses);
  EXPECT_EQ(at(b).dropped_handshake, 1U);
  EXPECT_EQ(world.peer(b, a).endpoint, world.endpoint(a));
}

TEST_F(HostileWire, RefusesInitiationsOfOnePeerTooCloseTogether) {
  const X25519KeyPair friendly = X25519KeyPair::generate(stranger);
  PeerUpdate known;
  known.public_key = friendly.public_key();
  ASSERT_TRUE(world.engine(b).update_peer(known, world.now(), world.output(b)).has_value());
  const Endpoint from = *Endpoint::parse("203.0.113.66:1");
  world.inject(b, initiation_by(friendly, b, stamp(1)), from);
  world.inject(b, initiation_by(friendly, b, stamp(2)), from);
  EXPECT_EQ(world.count(wire::k_response), 1U);
  EXPECT_EQ(at(b).dropped_flood, 1U);
  world.run(milliseconds(20));
  world.inject(b, initiation_by(friendly, b, stamp(2)), from);
  EXPECT_EQ(world.count(wire::k_response), 2U) << "a refused one did not use up its timestamp";
  world.run(milliseconds(20));
  world.inject(b, initiation_by(friendly, b, stamp(1)), from);
  EXPECT_EQ(world.count(wire::k_response), 2U);
}

/// A peer of b whose keys are ours, so that it may say what it wants.
struct LyingPeer : HostileWire {
  LyingPeer() : who(X25519KeyPair::generate(stranger)) {
    PeerUpdate known;
    known.public_key = who.public_key();
    known.allowed_ips = {*IpPrefix::parse("10.77.0.0/16")};
    EXPECT_TRUE(world.engine(b).update_peer(known, world.now(), world.output(b)).has_value());
    Initiation sent = initiate(who, b, stamp(1));
    world.inject(b, sent.message, at_home);
    const ByteVector response = last(wire::k_response);
    EXPECT_TRUE(noise_read_second(
        sent.state, sent.ephemeral, who, PresharedKey(),
        ByteView(response).subspan(wire::k_response_noise, wire::k_response_noise_size), nullptr));
    remote = load_le32(response.data() + 4);
    sealing = sent.state.split().initiator;
  }
  void say(std::uint64_t counter) {
    ByteVector packet = ipv4_packet(*IpAddress::parse("10.77.0.1"), TunnelWorld::inner(b), {});
    packet.resize(32);
    ByteVector datagram(wire::k_data_size_min + packet.size());
    store_le32(datagram.data(), wire::k_data);
    store_le32(datagram.data() + 4, remote);
    store_le64(datagram.data() + 8, counter);
    SealKey(sealing).seal(counter, {}, packet, datagram.data() + wire::k_data_header_size);
    world.inject(b, datagram, at_home);
  }
  const X25519KeyPair who;
  const Endpoint at_home = *Endpoint::parse("203.0.113.66:1");
  SecretKey sealing;
  std::uint32_t remote = 0;
};

TEST_F(LyingPeer, IsNotHeardBeyondTheLastMessageOfASession) {
  for (const std::uint64_t counter :
       {k_reject_after_messages, k_reject_after_messages + 1, UINT64_MAX}) {
    say(counter);
  }
  EXPECT_EQ(at(b).dropped_expired_session, 3U);
  EXPECT_TRUE(world.delivered_packets(b).empty());
  say(0);
  EXPECT_EQ(world.delivered_packets(b).size(), 1U) << "what was refused has moved no window";
  say(k_reject_after_messages - 1);
  EXPECT_EQ(world.delivered_packets(b).size(), 2U);
}

TEST_F(LyingPeer, IsJudgedByAllBitsOfItsCounters) {
  for (const std::uint64_t counter : {std::uint64_t{5}, std::uint64_t{5} + (std::uint64_t{1} << 32),
                                      std::uint64_t{5} + (std::uint64_t{1} << 48)}) {
    say(counter);
    say(counter);
  }
  EXPECT_EQ(world.delivered_packets(b).size(), 3U);
  EXPECT_EQ(at(b).dropped_replay, 3U);
}

TEST_F(HostileWire, DoesNotAnswerStrangers) {
  const X25519KeyPair unknown = X25519KeyPair::generate(stranger);
  world.inject(b, initiation_by(unknown, b, stamp(1)), *Endpoint::parse("203.0.113.66:1"));
  EXPECT_TRUE(world.wire.empty());
  EXPECT_EQ(at(b).dropped_handshake, 1U);
  ByteVector without_mac = initiation_by(unknown, b, stamp(2));
  without_mac[wire::k_initiation_size - 20] ^= 1;
  world.inject(b, without_mac, *Endpoint::parse("203.0.113.66:1"));
  EXPECT_TRUE(world.wire.empty());
  EXPECT_EQ(at(b).dropped_mac1, 1U);
}

TEST_F(HostileWire, RefusesAnEphemeralKeyOfLowOrder) {
  const X25519KeyPair friendly = X25519KeyPair::generate(stranger);
  PeerUpdate known;
  known.public_key = friendly.public_key();
  ASSERT_TRUE(world.engine(b).update_peer(known, world.now(), world.output(b)).has_value());
  ByteVector message = initiation_by(friendly, b, stamp(1));
  std::fill_n(message.begin() + wire::k_initiation_noise, 32, std::uint8_t{0});
  CookieJar(world.key(b)).add_macs(message, world.now());
  world.inject(b, message, *Endpoint::parse("203.0.113.66:1"));
  EXPECT_TRUE(world.wire.empty());
  EXPECT_EQ(at(b).dropped_handshake, 1U);
}

TEST_F(HostileWire, TakesAResponseOnce) {
  world.send(a, b, 1);
  world.run(milliseconds(15));
  const ByteVector response = last(wire::k_response);
  world.run(seconds(1));
  const auto completed = at(a).handshakes_completed;
  world.inject(a, response, *Endpoint::parse("203.0.113.66:1"));
  EXPECT_EQ(at(a).handshakes_completed, completed);
  EXPECT_EQ(at(a).dropped_handshake, 1U);
  EXPECT_EQ(world.peer(a, b).endpoint, world.endpoint(b));
}

TEST_F(HostileWire, KeepsItsHandshakeThroughForgedResponses) {
  world.filter = [](const auto& datagram) { return datagram.type() != wire::k_response; };
  world.send(a, b, 1);
  world.run(milliseconds(50));
  const ByteVector response = last(wire::k_response);
  for (std::size_t i = 12; i < 60; ++i) {
    ByteVector forged = response;
    forged[i] ^= 1;
    CookieJar(world.key(a)).add_macs(forged, world.now());
    world.inject(a, forged, *Endpoint::parse("203.0.113.66:1"));
  }
  EXPECT_EQ(at(a).dropped_handshake, 48U);
  world.inject(a, response, world.endpoint(b));
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
}

struct UnderLoad : HostileWire {
  /// Puts a node under load with messages that know its key.
  void flood(std::size_t node) {
    const X25519KeyPair unknown = X25519KeyPair::generate(stranger);
    const ByteVector message = initiation_by(unknown, node, stamp(1));
    for (std::uint32_t i = 0; i < 200; ++i) {
      world.inject(node, message, Endpoint{IpAddress::v4(0xcb007100U + i), 1});
    }
  }
  void flood() { flood(b); }
};

TEST_F(UnderLoad, AnswersWithCookiesAndLetsInWhoBringsThem) {
  flood();
  EXPECT_GT(at(b).cookies_sent, 50U);
  const auto started = world.now();
  world.send(a, b, 1);
  while (at(b).handshakes_completed == 0 && world.now() < started + seconds(30)) {
    flood();
    world.run(milliseconds(250));
  }
  EXPECT_EQ(at(a).cookies_received, 1U);
  EXPECT_EQ(at(b).handshakes_completed, 1U);
  EXPECT_EQ(world.count(wire::k_initiation, a), 2U) << "the second brought the cookie";
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
}

TEST_F(UnderLoad, AsksWhoAnswersForACookieToo) {
  const auto started = world.now();
  flood(a);
  world.send(a, b, 1);
  while (at(a).handshakes_completed == 0 && world.now() < started + seconds(30)) {
    flood(a);
    world.run(milliseconds(250));
  }
  EXPECT_EQ(at(b).cookies_received, 1U);
  EXPECT_EQ(at(a).handshakes_completed, 1U);
  EXPECT_EQ(world.count(wire::k_response, b), 2U) << "the second brought the cookie";
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
}

TEST_F(UnderLoad, NeverSendsMoreThanItGot) {
  flood();
  for (const auto& datagram : world.wire) {
    if (datagram.from == b) {
      EXPECT_LE(datagram.bytes.size(), wire::k_initiation_size);
    }
  }
}

TEST_F(UnderLoad, IsNotMovedByACookie) {
  flood();
  world.send(a, b, 1);
  world.filter = [](const auto& datagram) { return datagram.type() != wire::k_cookie; };
  world.run(milliseconds(50));
  const ByteVector cookie = last(wire::k_cookie);
  world.inject(a, cookie, *Endpoint::parse("203.0.113.66:1"));
  EXPECT_EQ(at(a).cookies_received, 1U);
  EXPECT_EQ(world.peer(a, b).endpoint, world.endpoint(b));
}

TEST_F(UnderLoad, LimitsASourceThatHasACookie) {
  flood();
  CookieJar jar(world.key(b));
  const X25519KeyPair unknown = X25519KeyPair::generate(stranger);
  const Endpoint from = *Endpoint::parse("203.0.113.200:1");
  ByteVector message = initiation_by(unknown, b, stamp(1));
  jar.add_macs(message, world.now());
  world.inject(b, message, from);
  ASSERT_TRUE(jar.take(last(wire::k_cookie), world.now()));
  jar.add_macs(message, world.now());
  const auto before = at(b).dropped_handshake;
  for (int i = 0; i < 50; ++i) world.inject(b, message, from);
  EXPECT_EQ(at(b).dropped_handshake - before, 5U);
  EXPECT_EQ(at(b).dropped_rate_limited, 45U);
  const auto answered = at(b).cookies_sent;
  world.inject(b, message, *Endpoint::parse("203.0.113.200:2"));
  EXPECT_EQ(at(b).cookies_sent, answered + 1) << "another port is another sender";
}

TEST_F(UnderLoad, StillCarriesData) {
  connect();
  flood();
  EXPECT_EQ(world.send(a, b, 5), InnerVerdict::sent);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b).back(), 5U);
}

}  // namespace
}  // namespace weir
