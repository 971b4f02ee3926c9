#include "common/tunnel/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/tunnel/messages.h"
#include "common/tunnel/session.h"
#include "tests/doubles/transport_packets.h"
#include "tests/unit/common/tunnel/two_nodes.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Engines = TwoNodes;

TEST_F(Engines, ShakeHandsAndDeliverInBothDirections) {
  EXPECT_EQ(world.send(a, b, 7), InnerVerdict::staged);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{7});
  EXPECT_EQ(world.send(b, a, 8), InnerVerdict::sent);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(a), std::vector<std::uint64_t>{8});
  EXPECT_EQ(world.count(wire::k_initiation), 1U);
  EXPECT_EQ(world.count(wire::k_response), 1U);
  EXPECT_EQ(world.engine(a).counters().handshakes_completed, 1U);
  EXPECT_EQ(world.engine(b).counters().handshakes_completed, 1U);
}

TEST_F(Engines, BothStartAtOnceAndBothSucceed) {
  world.send(a, b, 1);
  world.send(b, a, 2);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
  EXPECT_EQ(world.delivered(a), std::vector<std::uint64_t>{2});
  world.send(a, b, 3);
  world.send(b, a, 4);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(world.delivered(a), (std::vector<std::uint64_t>{2, 4}));
}

TEST_F(Engines, KeepTheOrderOfStagedPacketsAndDropTheOldest) {
  const std::size_t limit = Engine::Options().staged_packets_max;
  for (std::size_t i = 0; i < limit + 10; ++i) world.send(a, b, i);
  world.run(seconds(1));
  ASSERT_EQ(world.delivered(b).size(), limit);
  EXPECT_EQ(world.delivered(b).front(), 10U);
  EXPECT_TRUE(std::ranges::is_sorted(world.delivered(b)));
  EXPECT_EQ(world.engine(a).counters().dropped_staged, 10U);
}

TEST_F(Engines, CarryIpv6) {
  PeerUpdate update;
  update.public_key = world.key(b);
  update.allowed_ips = {*IpPrefix::parse("fd00::b/128")};
  ASSERT_TRUE(world.engine(a).update_peer(update, world.now(), world.output(a)).has_value());
  update.public_key = world.key(a);
  update.allowed_ips = {*IpPrefix::parse("fd00::a/128")};
  ASSERT_TRUE(world.engine(b).update_peer(update, world.now(), world.output(b)).has_value());
  const ByteVector packet =
      ipv6_packet(*IpAddress::parse("fd00::a"), *IpAddress::parse("fd00::b"), as_bytes("hello"));
  world.send_raw(a, packet);
  const ByteVector forged =
      ipv6_packet(*IpAddress::parse("fd00::c"), *IpAddress::parse("fd00::b"), as_bytes("hello"));
  world.send_raw(a, forged);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered_packets(b), std::vector<ByteVector>{packet});
  EXPECT_EQ(world.engine(b).counters().dropped_wrong_source, 1U);
}

TEST_F(Engines, SayWhyAPacketGoesNowhere) {
  const IpAddress self = TunnelWorld::inner(a);
  EXPECT_EQ(world.send_raw(a, ipv4_packet(self, *IpAddress::parse("192.0.2.99"), {})),
            InnerVerdict::no_peer);
  EXPECT_EQ(world.send_raw(a, as_bytes("no packet at all, but long enough")),
            InnerVerdict::malformed);
  ByteVector huge = ipv4_packet(self, TunnelWorld::inner(b), {});
  huge.resize(65536);
  EXPECT_EQ(world.send_raw(a, huge), InnerVerdict::too_big);
  PeerUpdate silent;
  silent.public_key.fill(9);
  silent.allowed_ips = {*IpPrefix::parse("10.91.0.0/16")};
  ASSERT_TRUE(world.engine(a).update_peer(silent, world.now(), world.output(a)).has_value());
  EXPECT_EQ(world.send_raw(a, ipv4_packet(self, *IpAddress::parse("10.91.0.1"), {})),
            InnerVerdict::no_endpoint);
  world.engine(a).take_down();
  EXPECT_EQ(world.send(a, b), InnerVerdict::down);
}

/// A UDP datagram without payload.
ByteVector datagram(const IpAddress& from, const Endpoint& to) {
  ByteVector udp(8);
  store_be16(udp.data(), 51820);
  store_be16(udp.data() + 2, to.port);
  const bool v4 = to.address.is_v4();
  ByteVector packet = v4 ? ipv4_packet(from, to.address, udp) : ipv6_packet(from, to.address, udp);
  packet[v4 ? 9 : 6] = 17;
  return packet;
}

TEST_F(Engines, CarryNothingToThePeersOwnEndpoint) {
  connect();
  const IpAddress self = TunnelWorld::inner(a);
  for (const char* const text : {"198.51.100.7", "2001:db8::7"}) {
    PeerUpdate update = world.peer_of(b);
    update.endpoint = Endpoint{*IpAddress::parse(text), 7};
    update.allowed_ips = {*IpPrefix::parse("0.0.0.0/0"), *IpPrefix::parse("::/0")};
    ASSERT_TRUE(world.engine(a).update_peer(update, world.now(), world.output(a)).has_value());
    const IpAddress& remote = update.endpoint->address;
    const IpAddress from = remote.is_v4() ? self : *IpAddress::parse("fd00::a");
    EXPECT_EQ(world.send_raw(a, datagram(from, {remote, 7})), InnerVerdict::looped);
    // Other ports, other protocols and later fragments are packets like all others.
    EXPECT_EQ(world.send_raw(a, datagram(from, {remote, 8})), InnerVerdict::sent);
    ByteVector other = datagram(from, {remote, 7});
    other[remote.is_v4() ? 9 : 6] = 6;
    EXPECT_EQ(world.send_raw(a, other), InnerVerdict::sent);
    if (remote.is_v6()) continue;
    ByteVector later = datagram(from, {remote, 7});
    later[7] = 1;
    EXPECT_EQ(world.send_raw(a, later), InnerVerdict::sent);
    EXPECT_EQ(world.send_raw(a, ByteView(datagram(from, {remote, 7})).first(22)),
              InnerVerdict::malformed);
  }
  EXPECT_EQ(world.engine(a).counters().dropped_looped, 2U);
}

TEST_F(Engines, FollowAPeerThatMovesAfterOneDataPacket) {
  connect();
  const Endpoint before = world.endpoint(a);
  const Endpoint after = *Endpoint::parse("[2001:db8::1]:7");
  world.move(a, after);
  world.send(a, b, 5);
  world.run(seconds(1));
  EXPECT_EQ(world.peer(b, a).endpoint, after);
  EXPECT_NE(before, after);
  world.send(b, a, 6);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(a).back(), 6U);
  EXPECT_EQ(world.engine(b).counters().roamed, 1U);
}

TEST_F(Engines, FollowAPeerThatMovesByItsHandshake) {
  world.move(a, *Endpoint::parse("198.51.100.1:9"));
  world.send(a, b, 1);
  world.run(seconds(1));
  EXPECT_EQ(world.peer(b, a).endpoint, *Endpoint::parse("198.51.100.1:9"));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
}

TEST_F(Engines, FollowAPeerThatAnswersFromAnotherAddress) {
  world.filter = [](const auto& datagram) { return datagram.type() != wire::k_response; };
  world.send(a, b, 1);
  world.run(milliseconds(15));
  ASSERT_EQ(world.wire.back().type(), wire::k_response);
  const ByteVector response = world.wire.back().bytes;
  world.filter = nullptr;
  world.move(b, *Endpoint::parse("198.51.100.1:9"));
  world.inject(a, response, world.endpoint(b));
  EXPECT_EQ(world.peer(a, b).endpoint, world.endpoint(b));
  world.run(milliseconds(100));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{1});
}

TEST_F(Engines, FollowAPeerByAKeepalive) {
  connect();
  world.move(b, *Endpoint::parse("198.51.100.1:9"));
  world.run(seconds(11));
  ASSERT_EQ(world.engine(a).counters().keepalives_received, 1U);
  EXPECT_EQ(world.peer(a, b).endpoint, world.endpoint(b));
}

TEST_F(Engines, FollowAPeerEvenIfItsPacketIsThenRefused) {
  connect();
  // The address moves to another peer of b: what a sends is no longer a's to send.
  PeerUpdate other;
  other.public_key.fill(9);
  other.allowed_ips = {IpPrefix::host(TunnelWorld::inner(a))};
  ASSERT_TRUE(world.engine(b).update_peer(other, world.now(), world.output(b)).has_value());
  const auto delivered = world.delivered(b).size();
  world.move(a, *Endpoint::parse("198.51.100.1:9"));
  world.send(a, b, 5);
  world.run(milliseconds(100));
  EXPECT_EQ(world.delivered(b).size(), delivered);
  EXPECT_EQ(world.engine(b).counters().dropped_wrong_source, 1U);
  EXPECT_EQ(world.peer(b, a).endpoint, *Endpoint::parse("198.51.100.1:9"));
}

TEST_F(Engines, CompareTheOwnerOfTheSourceNotItsPrefix) {
  connect();
  // a also owns all of 10/8; b's own neighbour c owns the longer 10.90.0.1 now and is the owner.
  PeerUpdate wide;
  wide.public_key = world.key(a);
  wide.allowed_ips = {*IpPrefix::parse("10.0.0.0/8")};
  ASSERT_TRUE(world.engine(b).update_peer(wide, world.now(), world.output(b)).has_value());
  PeerUpdate other;
  other.public_key.fill(9);
  other.allowed_ips = {IpPrefix::host(TunnelWorld::inner(a))};
  ASSERT_TRUE(world.engine(b).update_peer(other, world.now(), world.output(b)).has_value());
  world.send(a, b, 5);
  world.run(milliseconds(100));
  EXPECT_EQ(world.engine(b).counters().dropped_wrong_source, 1U);
}

TEST_F(Engines, HoldAPeerToTheOneDestinationItMayHave) {
  DeviceConfig config;
  config.private_key = world.engine(b).state().private_key;
  PeerConfig peer;
  peer.public_key = world.key(a);
  peer.endpoint = world.endpoint(a);
  peer.allowed_ips = {IpPrefix::host(TunnelWorld::inner(a))};
  peer.only_destination = TunnelWorld::inner(b);
  config.peers = {peer};
  ASSERT_TRUE(world.engine(b).apply(config, world.now(), world.output(b)));
  PeerUpdate wide;
  wide.public_key = world.key(b);
  wide.allowed_ips = {*IpPrefix::parse("10.0.0.0/8")};
  ASSERT_TRUE(world.engine(a).update_peer(wide, world.now(), world.output(a)));
  const IpAddress self = TunnelWorld::inner(a);
  world.send_raw(a, ipv4_packet(self, *IpAddress::parse("10.90.0.77"), {}));
  world.send(a, b, 5);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), std::vector<std::uint64_t>{5});
  EXPECT_EQ(world.engine(b).counters().dropped_wrong_destination, 1U);

  config.peers[0].only_destination.reset();
  ASSERT_TRUE(world.engine(b).apply(config, world.now(), world.output(b)));
  world.send_raw(a, ipv4_packet(self, *IpAddress::parse("10.90.0.77"), {}));
  world.run(seconds(1));
  EXPECT_EQ(world.delivered_packets(b).size(), 2U);
}

TEST_F(Engines, DrawANewIndexForEachSession) {
  std::set<std::uint32_t> indices;
  for (int i = 0; i < 5; ++i) {
    world.send(a, b, 1);
    world.run(seconds(200));
  }
  std::size_t handshakes = 0;
  for (const auto& datagram : world.wire) {
    if (datagram.type() != wire::k_initiation && datagram.type() != wire::k_response) continue;
    ++handshakes;
    indices.insert(load_le32(datagram.bytes.data() + 4));
  }
  EXPECT_GE(handshakes, 10U);
  EXPECT_EQ(indices.size(), handshakes);
}

struct EngineLimits : Engines {
  EngineLimits() {
    connect();
    world.run(seconds(12));
  }
  std::uint64_t last_counter() const { return load_le64(world.wire.back().bytes.data() + 8); }
};

TEST_F(EngineLimits, RenewASessionWhoseMessagesAreUsedUp) {
  const std::size_t before = world.count(wire::k_initiation, a);
  world.engine(a).skip_to(world.key(b), k_rekey_after_messages - 1);
  world.send(a, b, 1);
  EXPECT_EQ(last_counter(), k_rekey_after_messages - 1);
  EXPECT_EQ(world.count(wire::k_initiation, a), before);
  world.send(a, b, 2);
  EXPECT_EQ(world.count(wire::k_initiation, a), before + 1);
  world.run(seconds(12));
  world.send(a, b, 3);
  EXPECT_LT(last_counter(), 10U);

  // Of messages, unlike of time, the responder takes care as well.
  world.engine(b).skip_to(world.key(a), k_rekey_after_messages);
  EXPECT_EQ(world.count(wire::k_initiation, b), 0U);
  world.send(b, a, 4);
  EXPECT_EQ(world.count(wire::k_initiation, b), 1U);
  world.run(seconds(1));
  EXPECT_EQ(world.delivered(b), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(world.delivered(a), std::vector<std::uint64_t>{4});
}

TEST_F(EngineLimits, SealNothingBeyondTheLastMessageOfASession) {
  world.filter = [](const auto& datagram) { return datagram.type() == wire::k_data; };
  world.engine(a).skip_to(world.key(b), k_reject_after_messages - 2);
  EXPECT_EQ(world.send(a, b, 1), InnerVerdict::sent);
  EXPECT_EQ(world.send(a, b, 2), InnerVerdict::sent);
  EXPECT_EQ(world.send(a, b, 3), InnerVerdict::staged);
  EXPECT_EQ(world.send(a, b, 4), InnerVerdict::staged);
  world.run(milliseconds(100));
  EXPECT_EQ(world.delivered(b), (std::vector<std::uint64_t>{0, 1, 2}));
  world.filter = nullptr;
  world.run(seconds(6));
  EXPECT_EQ(world.delivered(b), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  for (const auto& datagram : world.wire) {
    if (datagram.type() != wire::k_data) continue;
    EXPECT_LT(load_le64(datagram.bytes.data() + 8), k_reject_after_messages);
  }
}

TEST_F(Engines, PadToSixteenButNotPastTheMtu) {
  connect();
  for (const std::size_t mtu : {std::size_t{1420}, std::size_t{1299}, std::size_t{68}}) {
    world.engine(a).set_mtu(mtu);
    for (std::size_t size = 20; size <= mtu; ++size) {
      world.wire.clear();
      world.send_raw(
          a, ipv4_packet(TunnelWorld::inner(a), TunnelWorld::inner(b), ByteVector(size - 20)));
      ASSERT_EQ(world.wire.size(), 1U);
      const std::size_t padded = world.wire.front().bytes.size() - 32;
      EXPECT_EQ(padded, std::min((size + 15) / 16 * 16, mtu)) << size;
    }
    world.run(seconds(1));
  }
  EXPECT_EQ(world.engine(b).counters().dropped_inner_malformed, 0U);
}

TEST_F(Engines, CarryTheLargestPacketsOfTheLargestMtu) {
  connect();
  world.engine(a).set_mtu(65535);
  for (const std::size_t size : {std::size_t{34736}, std::size_t{65475}}) {
    const ByteVector packet =
        ipv4_packet(TunnelWorld::inner(a), TunnelWorld::inner(b), ByteVector(size - 20));
    EXPECT_EQ(world.send_raw(a, packet), InnerVerdict::sent);
    EXPECT_LE(world.wire.back().bytes.size(), 65507U);
    world.run(seconds(1));
    EXPECT_EQ(world.delivered_packets(b).back(), packet);
  }
}

TEST_F(Engines, CountBytesOfBothDirections) {
  connect();
  std::uint64_t sent = 0;
  for (const auto& datagram : world.wire) sent += datagram.from == a ? datagram.bytes.size() : 0;
  EXPECT_EQ(world.peer(a, b).tx_bytes, sent);
  EXPECT_EQ(world.peer(b, a).rx_bytes, sent);
  EXPECT_TRUE(world.peer(a, b).last_handshake.has_value());
}

TEST_F(Engines, AnswerFromTheAddressTheyWereAskedAt) {
  connect();
  const IpAddress local = *IpAddress::parse("192.0.2.200");
  world.send(a, b, 1);
  ByteVector bytes = world.wire.back().bytes;
  world.faults.loss = 1;
  world.engine(b).on_datagram(bytes, UdpPath{world.endpoint(a), local, 3}, world.now(),
                              world.output(b));
  world.send(b, a, 1);
  EXPECT_EQ(world.wire.back().to.local, local);
  EXPECT_EQ(world.wire.back().to.interface_index, 3U);
  world.engine(b).forget_local(local);
  world.send(b, a, 2);
  EXPECT_TRUE(world.wire.back().to.local.is_unspecified());
  EXPECT_EQ(world.wire.back().to.remote, world.endpoint(a));
}

TEST_F(Engines, LeaveTheirAddressToTheKernelWhenTheWayThereChanged) {
  connect();
  const UdpPath asked{.remote = world.endpoint(a), .local = *IpAddress::parse("198.51.100.9")};
  const auto answer_goes = [&] {
    world.wire.clear();
    world.send(b, a, 1);
    return world.wire.back().to;
  };
  world.send(a, b, 2);
  ByteVector data = world.wire.back().bytes;
  world.engine(b).on_datagram(data, asked, world.now(), world.output(b));
  EXPECT_EQ(answer_goes(), asked);
  world.engine(b).forget_locals(*IpPrefix::parse("192.0.3.0/24"));
  world.engine(b).forget_locals(*IpPrefix::parse("::/0"));
  EXPECT_EQ(answer_goes(), asked);
  world.engine(b).forget_locals(*IpPrefix::parse("192.0.2.0/24"));
  EXPECT_EQ(answer_goes(), asked.without_local());
}

TEST_F(Engines, TellTheInterfaceOfALinkLocalPeerOnly) {
  connect();
  world.faults.loss = 1;
  const Endpoint near{*IpAddress::parse("fe80::1"), 1000};
  const Endpoint far{*IpAddress::parse("fd00::1"), 1000};
  const IpAddress near_local = *IpAddress::parse("fe80::2");
  const IpAddress far_local = *IpAddress::parse("fd00::2");
  std::uint64_t number = 1;
  for (const auto& [remote, local, told] :
       {std::tuple(near, near_local, 3U), {near, far_local, 3U}, {far, near_local, 0U}}) {
    world.send(a, b, number++);
    ByteVector bytes = world.wire.back().bytes;
    world.engine(b).on_datagram(bytes, UdpPath{remote, local, 3}, world.now(), world.output(b));
    EXPECT_EQ(world.peer(b, a).endpoint, remote);
    EXPECT_EQ(world.peer(b, a).endpoint_interface, told) << remote.to_string();
  }
}

/// A large packet leaves as its segments, one send of equal datagrams, and all of them arrive, also
/// in one vector.
TEST_F(Engines, SendTheSegmentsOfALargePacketAtOnceAndTakeThemAtOnce) {
  connect();
  struct Runs final : EngineOutput {
    ByteSpan send_buffer(const UdpPath&, std::size_t size) override {
      const ByteSpan buffer = ByteSpan(arena).subspan(used, size);
      used += size;
      return buffer;
    }
    std::size_t room() const override { return arena.size() - used; }
    void send(const UdpPath&, ByteSpan datagrams, std::size_t size) override {
      runs.push_back({ByteVector(datagrams.begin(), datagrams.end()), size});
    }
    void deliver(ByteSpan) override {}
    ByteVector arena = ByteVector(1 << 18);
    std::size_t used = 0;
    std::vector<std::pair<ByteVector, std::size_t>> runs;
  } out;
  TransportSpec spec;
  spec.payload = 100 * 600 + 50;
  ByteVector large = make_packet(spec);
  std::ranges::copy(TunnelWorld::inner(a).bytes(), large.begin() + 12);
  std::ranges::copy(TunnelWorld::inner(b).bytes(), large.begin() + 16);
  VnetHeader header;
  header.flags = k_vnet_needs_checksum;
  header.gso_type = k_vnet_gso_tcp4;
  header.gso_size = 600;
  header.checksum_start = 20;
  header.checksum_offset = 16;
  const std::array<SegmentedPacket, 1> packets = {*SegmentedPacket::read(header, large)};
  ASSERT_EQ(world.engine(a).on_inner_packets(packets, world.now(), out), InnerVerdict::sent);
  ASSERT_EQ(out.runs.size(), 2U) << "64 and the rest";
  EXPECT_EQ(out.runs[0].second, 16U + 640 + 16);
  EXPECT_EQ(out.runs[0].first.size(), 64 * out.runs[0].second);

  const std::size_t before = world.delivered_packets(b).size();
  for (auto& [bytes, size] : out.runs) {
    world.engine(b).on_datagrams(bytes, size, UdpPath{world.endpoint(a), {}, 0}, world.now(),
                                 world.output(b));
  }
  const auto& delivered = world.delivered_packets(b);
  ASSERT_EQ(delivered.size(), before + 101);
  for (std::size_t i = 0; i < 101; ++i) {
    const ByteVector& packet = delivered[before + i];
    EXPECT_TRUE(checksums_hold(packet));
    EXPECT_EQ(load_be32(packet.data() + 24), spec.sequence + 600 * i);
  }
}

/// An interface may take packets that no UDP datagram carries: their sender hears how long they may
/// be.
TEST_F(Engines, TellTheSenderOfAPacketThatIsTooLong) {
  connect();
  for (const bool v4 : {true, false}) {
    TransportSpec spec;
    spec.v4 = v4;
    spec.payload = 65476 - (v4 ? 40U : 60U);
    ByteVector packet = make_packet(spec);
    const std::size_t before = world.delivered_packets(a).size();
    EXPECT_EQ(world.engine(a).on_inner_packet(packet, world.now(), world.output(a)),
              InnerVerdict::too_big);
    ASSERT_EQ(world.delivered_packets(a).size(), before + 1);
    const ByteVector& answer = world.delivered_packets(a).back();
    const std::size_t icmp = v4 ? 20 : 40;
    if (v4) {
      EXPECT_EQ(slow_checksum(ByteView(answer).first(20)), 0);
      EXPECT_EQ(slow_checksum(ByteView(answer).subspan(20)), 0);
      EXPECT_EQ(load_be16(answer.data() + icmp), 0x0304);
      EXPECT_EQ(load_be16(answer.data() + icmp + 6), 65475);
      EXPECT_TRUE(std::equal(packet.begin() + 12, packet.begin() + 16, answer.begin() + 16))
          << "to its sender";
    } else {
      EXPECT_EQ(answer.size(), 1280U);
      EXPECT_EQ(answer[icmp], 2);
      EXPECT_EQ(load_be32(answer.data() + icmp + 4), 65475U);
      EXPECT_TRUE(std::equal(packet.begin() + 8, packet.begin() + 24, answer.begin() + 24))
          << "to its sender";
    }
    EXPECT_TRUE(std::equal(packet.begin(), packet.begin() + 40,
                           answer.begin() + static_cast<std::ptrdiff_t>(icmp) + 8));

    // Nobody answers an error with an error.
    packet[v4 ? 9 : 6] = v4 ? 1 : 58;
    packet[v4 ? 20 : 40] = v4 ? 3 : 1;
    EXPECT_EQ(world.engine(a).on_inner_packet(packet, world.now(), world.output(a)),
              InnerVerdict::too_big);
    EXPECT_EQ(world.delivered_packets(a).size(), before + 1);
  }
  EXPECT_EQ(world.engine(a).counters().dropped_too_big, 4U);
}

/// In one vector: datagrams of several sessions, junk, a repeat and a forgery; each is judged by
/// itself.
TEST_F(Engines, JudgeEachDatagramOfAVectorByItself) {
  connect();
  world.send(a, b, 1);
  world.send(a, b, 2);
  world.send(a, b, 3);
  std::vector<ByteVector> sent;
  for (std::size_t i = world.wire.size() - 3; i < world.wire.size(); ++i)
    sent.push_back(world.wire[i].bytes);
  const std::size_t size = sent[0].size();
  ByteVector vector;
  const auto add = [&](const ByteVector& bytes) {
    vector.insert(vector.end(), bytes.begin(), bytes.end());
  };
  add(sent[0]);
  ByteVector forged = sent[1];
  forged.back() ^= 1U;
  add(forged);
  add(sent[0]);  // again
  ByteVector unknown = sent[1];
  unknown[4] ^= 1U;
  add(unknown);
  add(ByteVector(size, 0xee));
  add(sent[1]);
  add(sent[2]);
  vector.resize(vector.size() - 1);  // the last is cut
  const EngineCounters before = world.engine(b).counters();
  world.engine(b).on_datagrams(vector, size, UdpPath{world.endpoint(a), {}, 0}, world.now(),
                               world.output(b));
  const EngineCounters after = world.engine(b).counters();
  EXPECT_EQ(after.rx_packets - before.rx_packets, 2U);
  EXPECT_EQ(after.dropped_not_authentic - before.dropped_not_authentic, 2U);
  EXPECT_EQ(after.dropped_replay - before.dropped_replay, 1U);
  EXPECT_EQ(after.dropped_unknown_session - before.dropped_unknown_session, 1U);
  EXPECT_EQ(after.dropped_malformed - before.dropped_malformed, 1U);
}

}  // namespace
}  // namespace weir
