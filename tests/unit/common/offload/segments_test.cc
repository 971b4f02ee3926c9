#include "common/offload/segments.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/doubles/transport_packets.h"

namespace weir {
namespace {

VnetHeader large(const TransportSpec& spec, std::uint16_t gso_size) {
  VnetHeader header;
  header.flags = k_vnet_needs_checksum;
  header.gso_type = !spec.tcp ? k_vnet_gso_udp : spec.v4 ? k_vnet_gso_tcp4 : k_vnet_gso_tcp6;
  header.gso_size = gso_size;
  header.header_size = 1;  // wrong, and not looked at
  header.checksum_start = spec.v4 ? 20 : 40;
  header.checksum_offset = spec.tcp ? 16 : 6;
  return header;
}

std::vector<ByteVector> cut(const VnetHeader& header, ByteView packet) {
  const auto segmented = SegmentedPacket::read(header, packet);
  EXPECT_TRUE(segmented.has_value());
  std::vector<ByteVector> all;
  for (std::size_t i = 0; segmented && i < segmented->count(); ++i) {
    all.emplace_back(segmented->size(i));
    segmented->write(i, all.back().data());
  }
  return all;
}

TEST(SegmentedPacket, CutsIntoWhatTheSenderWouldHaveSentByItself) {
  for (const bool v4 : {true, false}) {
    for (const bool tcp : {true, false}) {
      TransportSpec spec;
      spec.v4 = v4;
      spec.tcp = tcp;
      spec.options = tcp ? ByteVector{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2} : ByteVector{};
      spec.id = 65534;  // counts on over the end
      spec.sequence = 0xffffff00;
      spec.payload = 3 * 500 + 17;
      const auto segments = cut(large(spec, 500), make_packet(spec));
      ASSERT_EQ(segments.size(), 4U);
      for (std::size_t i = 0; i < segments.size(); ++i) {
        TransportSpec one = spec;
        one.id = static_cast<std::uint16_t>(spec.id + i);
        one.sequence = static_cast<std::uint32_t>(spec.sequence + 500 * i);
        one.payload = i == 3 ? 17 : 500;
        // The maker writes payloads by sequence number, so they go on from segment to segment.
        EXPECT_EQ(segments[i], make_packet(one)) << v4 << tcp << " segment " << i;
      }
    }
  }
}

TEST(SegmentedPacket, PushAndFinishGoWithTheLastAndReducedWindowWithTheFirst) {
  TransportSpec spec;
  spec.flags = 0x10 | 0x08 | 0x01 | 0x80;
  spec.payload = 250;
  VnetHeader header = large(spec, 100);
  header.gso_type |= k_vnet_gso_ecn;
  const auto segments = cut(header, make_packet(spec));
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[0][33], 0x10 | 0x80);
  EXPECT_EQ(segments[1][33], 0x10);
  EXPECT_EQ(segments[2][33], 0x10 | 0x08 | 0x01);
  for (const ByteVector& segment : segments) EXPECT_TRUE(checksums_hold(segment));
}

TEST(SegmentedPacket, FinishesAChecksumThatWasLeftOut) {
  for (const bool tcp : {true, false}) {
    TransportSpec spec;
    spec.tcp = tcp;
    const ByteVector wanted = make_packet(spec);
    ByteVector partial = wanted;
    const std::size_t at = 20U + (tcp ? 16U : 6U);
    // The pseudo header's sum: the whole sum with the part's own taken out again.
    store_be16(partial.data() + at, 0);
    const auto part = static_cast<std::uint16_t>(~slow_checksum(ByteView(partial).subspan(20)));
    const auto whole = static_cast<std::uint16_t>(~load_be16(wanted.data() + at));
    std::uint32_t pseudo = std::uint32_t{whole} + static_cast<std::uint16_t>(~part);
    pseudo = (pseudo & 0xffffU) + (pseudo >> 16U);
    store_be16(partial.data() + at, static_cast<std::uint16_t>(pseudo));
    VnetHeader header = large(spec, 0);
    header.gso_type = k_vnet_gso_none;
    const auto made = cut(header, partial);
    ASSERT_EQ(made.size(), 1U);
    EXPECT_TRUE(checksums_hold(made[0])) << (tcp ? "TCP" : "UDP");
  }
}

TEST(SegmentedPacket, LeavesAPacketAloneThatNeedsNothing) {
  const ByteVector junk = {1, 2, 3};
  EXPECT_EQ(cut(VnetHeader{}, junk), (std::vector<ByteVector>{junk}));
}

TEST(SegmentedPacket, RefusesHeadersThatContradictThePacket) {
  TransportSpec spec;
  spec.payload = 300;
  const ByteVector packet = make_packet(spec);
  const VnetHeader good = large(spec, 100);
  ASSERT_TRUE(SegmentedPacket::read(good, packet));
  const auto refused = [&](auto change, ByteView bytes) {
    VnetHeader header = good;
    change(header);
    return !SegmentedPacket::read(header, bytes).has_value();
  };
  EXPECT_TRUE(refused([](VnetHeader& h) { h.gso_size = 0; }, packet));
  EXPECT_TRUE(refused([](VnetHeader& h) { h.gso_type = 2; }, packet));
  EXPECT_TRUE(refused([](VnetHeader& h) { h.gso_type = k_vnet_gso_tcp6; }, packet));
  EXPECT_TRUE(refused([](VnetHeader& h) { h.checksum_start = 24; }, packet));
  EXPECT_TRUE(refused([](VnetHeader& h) { h.checksum_start = 65535; }, packet));
  EXPECT_TRUE(refused([](VnetHeader&) {}, ByteView(packet).first(39)));
  EXPECT_TRUE(refused([](VnetHeader&) {}, ByteView(packet).first(40)));  // nothing to cut
  EXPECT_TRUE(refused([](VnetHeader&) {}, {}));
  EXPECT_TRUE(refused(
      [](VnetHeader& h) {
        h.gso_type = k_vnet_gso_none;
        h.checksum_offset = 65535;
      },
      packet));
  ByteVector odd = packet;
  odd[32] = 0xf0;  // a TCP header of 60 bytes that is not there
  EXPECT_TRUE(refused([](VnetHeader&) {}, ByteView(odd).first(70)));
}

}  // namespace
}  // namespace weir
