#include "common/offload/coalescer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "common/offload/segments.h"
#include "common/sim/rng.h"
#include "tests/doubles/transport_packets.h"

namespace weir {
namespace {

struct Write {
  VnetHeader header;
  ByteVector bytes;
};

/// What a kernel gets, and what it makes of it again.
class Receiver {
 public:
  void add(ByteVector packet) {
    kept_.push_back(std::move(packet));
    coalescer_.add(kept_.back(), kinds);
  }
  void add(const TransportSpec& spec) { add(make_packet(spec)); }

  std::vector<Write>& write(std::function<Coalescer::Written(const VnetHeader&)> answer = {}) {
    report = coalescer_.write_all([&](const VnetHeader& header, std::span<const iovec> pieces) {
      const auto written = answer ? answer(header) : Coalescer::Written::taken;
      if (written == Coalescer::Written::taken) {
        Write& one = writes.emplace_back();
        one.header = header;
        for (const iovec& piece : pieces) {
          const auto* bytes = static_cast<const std::uint8_t*>(piece.iov_base);
          one.bytes.insert(one.bytes.end(), bytes, bytes + piece.iov_len);
        }
      }
      return written;
    });
    return writes;
  }

  std::vector<ByteVector> cut_again() const {
    std::vector<ByteVector> all;
    for (const Write& one : writes) {
      const auto segmented = SegmentedPacket::read(one.header, one.bytes);
      EXPECT_TRUE(segmented.has_value());
      for (std::size_t i = 0; segmented && i < segmented->count(); ++i) {
        all.emplace_back(segmented->size(i));
        segmented->write(i, all.back().data());
      }
    }
    return all;
  }

  Coalescer::Kinds kinds;
  Coalescer::Report report;
  std::vector<Write> writes;

 private:
  std::list<ByteVector> kept_;
  Coalescer coalescer_;
};

TransportSpec next(TransportSpec spec) {
  spec.sequence += static_cast<std::uint32_t>(spec.payload);
  ++spec.id;
  return spec;
}

TEST(Coalescer, JoinsAFlowAndCutsBackIntoTheSamePackets) {
  for (const bool v4 : {true, false}) {
    for (const bool tcp : {true, false}) {
      Receiver receiver;
      TransportSpec spec;
      spec.v4 = v4;
      spec.tcp = tcp;
      spec.sequence = 0xfffffff0;
      std::vector<ByteVector> sent;
      for (int i = 0; i < 5; ++i) {
        if (i == 4) spec.payload = 30;  // the last may be shorter
        sent.push_back(make_packet(spec));
        receiver.add(sent.back());
        spec = next(spec);
      }
      EXPECT_EQ(receiver.write().size(), 1U) << v4 << tcp;
      EXPECT_EQ(receiver.cut_again(), sent) << v4 << tcp;
      EXPECT_EQ(receiver.report.taken, 5U);
    }
  }
}

TEST(Coalescer, JoinsDatagramsWithoutChecksum) {
  Receiver receiver;
  TransportSpec spec;
  spec.tcp = false;
  spec.without_checksum = true;
  receiver.add(spec);
  receiver.add(next(spec));
  EXPECT_EQ(receiver.write().size(), 1U);
  for (const ByteVector& packet : receiver.cut_again()) EXPECT_TRUE(checksums_hold(packet));
}

TEST(Coalescer, AShortPacketOrAPushEndsWhatIsJoined) {
  Receiver receiver;
  TransportSpec spec;
  receiver.add(spec);
  TransportSpec second = next(spec);
  second.flags |= 0x08;
  receiver.add(second);
  TransportSpec after = next(second);
  after.flags = 0x10;
  receiver.add(after);
  TransportSpec third = next(after);
  third.payload = 10;
  receiver.add(third);
  receiver.add(next(third));
  EXPECT_EQ(receiver.write().size(), 3U);
  EXPECT_EQ(receiver.writes[0].bytes[33], 0x18);
}

TEST(Coalescer, LeavesApartWhatDiffersInAnythingAReceiverActsOn) {
  using Change = std::function<void(TransportSpec&)>;
  const std::map<std::string, Change> changes = {
      {"sequence", [](TransportSpec& s) { ++s.sequence; }},
      {"acknowledgement", [](TransportSpec& s) { ++s.acknowledged; }},
      {"window", [](TransportSpec& s) { ++s.window; }},
      {"flags", [](TransportSpec& s) { s.flags = 0x11; }},
      {"reset", [](TransportSpec& s) { s.flags = 0x04; }},
      {"no acknowledgement", [](TransportSpec& s) { s.flags = 0; }},
      {"urgent", [](TransportSpec& s) { s.flags = 0x30; }},
      {"options", [](TransportSpec& s) { s.options = {1, 1, 1, 2}; }},
      {"more options", [](TransportSpec& s) { s.options = {1, 1, 1, 1, 1, 1, 1, 1}; }},
      {"service", [](TransportSpec& s) { s.service = 3; }},
      {"hops", [](TransportSpec& s) { s.hops = 63; }},
      {"may be cut", [](TransportSpec& s) { s.may_be_cut = true; }},
      {"id", [](TransportSpec& s) { s.id += 7; }},
      {"longer", [](TransportSpec& s) { s.payload = 101; }},
      {"empty", [](TransportSpec& s) { s.payload = 0; }},
      {"flow", [](TransportSpec& s) { s.flow = 9; }},
      {"protocol", [](TransportSpec& s) { s.tcp = false; }},
      {"version", [](TransportSpec& s) { s.v4 = false; }},
  };
  for (const auto& [what, change] : changes) {
    Receiver receiver;
    TransportSpec spec;
    spec.options = {1, 1, 1, 1};
    TransportSpec second = next(spec);
    change(second);
    if (!second.tcp) second.options.clear();
    receiver.add(spec);
    receiver.add(second);
    EXPECT_EQ(receiver.write().size(), 2U) << what;
    EXPECT_EQ(receiver.cut_again(),
              (std::vector<ByteVector>{make_packet(spec), make_packet(second)}))
        << what;
  }
}

TEST(Coalescer, LeavesAWrongChecksumForItsReceiverToSee) {
  for (const int bad : {0, 1, 2}) {
    Receiver receiver;
    TransportSpec spec;
    std::vector<ByteVector> sent;
    for (int i = 0; i < 3; ++i) {
      sent.push_back(make_packet(spec));
      if (i == bad) sent.back().back() ^= 1U;
      receiver.add(sent.back());
      spec = next(spec);
    }
    receiver.write();
    EXPECT_EQ(receiver.cut_again(), sent) << bad;
  }
}

TEST(Coalescer, KeepsTheOrderWithinAFlowAndJoinsAcrossOthers) {
  Receiver receiver;
  std::vector<TransportSpec> flows(4);
  for (std::size_t i = 0; i < flows.size(); ++i) flows[i].flow = static_cast<std::uint8_t>(i + 1);
  for (int round = 0; round < 10; ++round) {
    for (TransportSpec& flow : flows) {
      receiver.add(flow);
      flow = next(flow);
    }
  }
  EXPECT_EQ(receiver.write().size(), 4U);
}

TEST(Coalescer, APacketInBetweenStaysInBetween) {
  Receiver receiver;
  TransportSpec spec;
  TransportSpec pure_ack = next(spec);
  pure_ack.payload = 0;
  receiver.add(spec);
  receiver.add(pure_ack);
  receiver.add(next(spec));
  const auto sent =
      std::vector<ByteVector>{make_packet(spec), make_packet(pure_ack), make_packet(next(spec))};
  receiver.write();
  EXPECT_EQ(receiver.cut_again(), sent);
}

TEST(Coalescer, WritesOneByOneWhatTheKernelDoesNotTakeJoined) {
  for (const bool tcp : {true, false}) {
    Receiver receiver;
    TransportSpec spec;
    spec.tcp = tcp;
    receiver.add(spec);
    receiver.add(next(spec));
    receiver.write([](const VnetHeader& header) {
      return header.gso_type == k_vnet_gso_none ? Coalescer::Written::taken
                                                : Coalescer::Written::too_clever;
    });
    EXPECT_EQ(receiver.report.tcp_too_clever, tcp);
    EXPECT_EQ(receiver.report.udp_too_clever, !tcp);
    EXPECT_EQ(receiver.report.taken, 2U);
    EXPECT_EQ(receiver.cut_again(),
              (std::vector<ByteVector>{make_packet(spec), make_packet(next(spec))}));
  }
}

TEST(Coalescer, JoinsOnlyTheKindsItMay) {
  for (const bool tcp : {true, false}) {
    Receiver receiver;
    receiver.kinds = {.tcp = !tcp, .udp = tcp};
    TransportSpec spec;
    spec.tcp = tcp;
    receiver.add(spec);
    receiver.add(next(spec));
    EXPECT_EQ(receiver.write().size(), 2U);
  }
}

TEST(Coalescer, StaysWithinWhatAPacketCanSay) {
  Receiver receiver;
  TransportSpec spec;
  spec.payload = 8000;
  for (int i = 0; i < 20; ++i) {
    receiver.add(spec);
    spec = next(spec);
  }
  for (const Write& one : receiver.write()) EXPECT_LE(one.bytes.size(), 65535U);
  EXPECT_EQ(receiver.writes.size(), 3U);
  EXPECT_EQ(receiver.cut_again().size(), 20U);
}

/// Any mix of flows with any interruptions: every packet comes out as it went in, those of a flow
/// in their order.
TEST(Coalescer, LosesNothingAndReordersNoFlow) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed);
    Receiver receiver;
    std::vector<TransportSpec> flows(12);
    for (std::size_t i = 0; i < flows.size(); ++i) {
      flows[i].flow = static_cast<std::uint8_t>(i);
      flows[i].tcp = i % 3 != 0;
      flows[i].v4 = i % 2 == 0;
      flows[i].payload = 1 + rng.below(1400);
    }
    std::map<std::uint8_t, std::vector<ByteVector>> sent;
    for (int i = 0; i < 600; ++i) {
      const auto place = static_cast<std::uint8_t>(rng.below(flows.size()));
      TransportSpec& flow = flows[place];
      TransportSpec one = flow;
      if (rng.chance(0.1)) one.flags |= 0x08;
      if (rng.chance(0.05)) one.payload = rng.below(flow.payload + 1);
      if (rng.chance(0.03)) ++one.acknowledged;
      ByteVector packet = make_packet(one);
      if (rng.chance(0.03)) packet[packet.size() - 1] ^= 0x40;
      sent[place].push_back(packet);
      receiver.add(std::move(packet));
      flow.sequence = one.sequence + static_cast<std::uint32_t>(one.payload);
      ++flow.id;
    }
    receiver.write();
    std::map<std::uint8_t, std::vector<ByteVector>> received;
    for (ByteVector& packet : receiver.cut_again()) {
      received[packet[packet[0] >> 4 == 4 ? 15 : 23]].push_back(std::move(packet));
    }
    EXPECT_EQ(received, sent) << "seed " << seed;
    EXPECT_LT(receiver.writes.size(), 500U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir
