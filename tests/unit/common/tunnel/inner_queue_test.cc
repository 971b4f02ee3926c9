#include "common/tunnel/inner_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "common/sim/rng.h"
#include "common/tunnel/inner_packet.h"
#include "tests/doubles/transport_packets.h"

namespace weir {
namespace {

constexpr std::uint64_t k_seed = 7;

/// An interface at which packets wait.
class WaitingTun final : public TunIo {
 public:
  Offloads offloads() const override { return {}; }
  int poll_fd() const override { return -1; }
  Result<Read> read(ByteSpan into) override {
    if (gone) return fail(Code::not_found, "gone");
    if (waiting.empty()) return Read{};
    const ByteVector packet = std::move(waiting.front());
    waiting.pop_front();
    EXPECT_LE(packet.size(), into.size());
    std::ranges::copy(packet, into.begin());
    return Read{.size = packet.size(), .header = header};
  }
  Written write(const VnetHeader& /*header*/, std::span<const iovec> /*pieces*/) override {
    return Written::refused;
  }

  std::deque<ByteVector> waiting;
  VnetHeader header;
  bool gone = false;
};

class InnerQueueOnATun : public testing::Test {
 protected:
  void comes(std::uint8_t flow, std::size_t size, std::uint32_t sequence = 0) {
    tun_.waiting.push_back(
        make_packet({.flow = flow, .sequence = sequence, .payload = size - k_headers}));
  }
  void fill() { ASSERT_TRUE(queue_.fill(tun_)); }
  static std::uint8_t flow_of(ByteView packet) { return packet[15]; }
  static std::uint32_t sequence_of(ByteView packet) { return load_be32(packet.data() + 24); }
  std::vector<int> take_flows() {
    std::vector<int> flows;
    for (const SegmentedPacket& packet : queue_.take()) flows.push_back(flow_of(packet.packet()));
    return flows;
  }

  static constexpr std::size_t k_headers = 40;
  WaitingTun tun_;
  InnerQueue queue_{k_seed};
};

using Flows = std::vector<int>;

TEST_F(InnerQueueOnATun, GivesWhatCame) {
  fill();
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(queue_.take().empty());
  comes(1, 100);
  const ByteVector sent = tun_.waiting.front();
  fill();
  EXPECT_FALSE(queue_.empty());
  const auto taken = queue_.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_TRUE(std::ranges::equal(taken[0].packet(), sent));
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(queue_.take().empty());
}

TEST_F(InnerQueueOnATun, ALonePacketPassesABulkFlow) {
  for (int i = 0; i < 16; ++i) comes(1, 60'000);
  fill();
  EXPECT_EQ(take_flows(), (Flows{1, 1, 1}));
  comes(2, 84);
  fill();
  EXPECT_EQ(take_flows().front(), 2);
}

TEST_F(InnerQueueOnATun, BulkFlowsShareByBytesWhateverTheirPacketsMeasure) {
  std::map<int, std::size_t> bytes;
  for (int turn = 0; turn < 60; ++turn) {
    while (tun_.waiting.size() < 200) {
      comes(1, 60'000);
      for (int i = 0; i < 60; ++i) comes(2, 1'000);
    }
    fill();
    for (const SegmentedPacket& packet : queue_.take())
      bytes[flow_of(packet.packet())] += packet.packet().size();
  }
  const double ratio = static_cast<double>(bytes[1]) / static_cast<double>(bytes[2]);
  EXPECT_GT(ratio, 0.9);
  EXPECT_LT(ratio, 1.1);
}

TEST_F(InnerQueueOnATun, AFlowThatPausesDoesNotKeepTheOthersOut) {
  for (int i = 0; i < 16; ++i) comes(1, 60'000);
  std::size_t bulk = 0;
  for (int turn = 0; turn < 8; ++turn) {
    for (int i = 0; i < 60; ++i) comes(2, 1'400);  // as much as a turn takes in packets
    fill();
    const Flows flows = take_flows();
    bulk += static_cast<std::size_t>(std::ranges::count(flows, 1));
  }
  EXPECT_GE(bulk, 6U);
}

TEST_F(InnerQueueOnATun, ABulkFlowHoldsTwoThirdsAtMost) {
  constexpr std::size_t k_came = 60;
  for (std::size_t i = 0; i < k_came; ++i) comes(1, 60'000, static_cast<std::uint32_t>(i));
  comes(2, 84);
  while (!tun_.waiting.empty()) fill();
  const std::uint64_t dropped = queue_.take_dropped();
  EXPECT_EQ(queue_.take_dropped(), 0U);
  std::vector<std::uint32_t> sequences;
  std::size_t small = 0;
  while (!queue_.empty()) {
    for (const SegmentedPacket& packet : queue_.take()) {
      if (flow_of(packet.packet()) == 2) ++small;
      if (flow_of(packet.packet()) == 1) sequences.push_back(sequence_of(packet.packet()));
    }
  }
  EXPECT_EQ(small, 1U);
  ASSERT_EQ(sequences.size(), k_came - dropped);
  EXPECT_GE(sequences.size(), 17U);  // 1 MB
  EXPECT_LE(sequences.size(), 19U);
  EXPECT_EQ(sequences.back(), sequences.size() - 1);  // the first to come
  EXPECT_TRUE(std::ranges::is_sorted(sequences));
}

/// Packets that left from the middle of the ring keep their place until the oldest has left.
TEST_F(InnerQueueOnATun, AFloodOfSmallPacketsTakesNothingFromOthers) {
  std::uint32_t sent = 0;
  std::uint32_t arrived = 0;
  const auto take = [&] {
    for (const SegmentedPacket& packet : queue_.take())
      if (flow_of(packet.packet()) == 1) ++arrived;
  };
  for (int turn = 0; turn < 600; ++turn) {
    for (int i = 0; i < 200; ++i) comes(2, 84);
    if (turn % 60 == 0) {
      comes(1, 60'000, sent++);
      comes(1, 60'000, sent++);
    }
    while (!tun_.waiting.empty()) fill();
    take();
  }
  while (!queue_.empty()) take();
  EXPECT_EQ(arrived, sent);
}

TEST_F(InnerQueueOnATun, LeavesToTheKernelWhatItWouldDropItself) {
  std::size_t reads = 0;
  for (int turn = 0; turn < 20; ++turn) {
    while (tun_.waiting.size() < 500) comes(1, 84);
    const std::size_t before = tun_.waiting.size();
    fill();
    if (turn >= 10) reads += before - tun_.waiting.size();
    queue_.take();
  }
  EXPECT_LE(reads, 10 * 2 * InnerQueue::k_take_max);
}

TEST_F(InnerQueueOnATun, CarriesTheLargestPackets) {
  for (std::uint32_t i = 0; i < 200; ++i) {
    comes(static_cast<std::uint8_t>(i % 3), 65'535, i);
    if (i % 3 == 2) fill();
    for (const SegmentedPacket& packet : queue_.take())
      ASSERT_TRUE(
          std::ranges::equal(packet.packet(), make_packet({.flow = flow_of(packet.packet()),
                                                           .sequence = sequence_of(packet.packet()),
                                                           .payload = 65'535 - k_headers})));
  }
  EXPECT_EQ(queue_.take_dropped(), 0U);
}

TEST_F(InnerQueueOnATun, DropsNothingForAPacketThatMayNotBeThere) {
  std::size_t came = 0;
  std::uint64_t dropped = 0;
  for (; dropped == 0; ++came) {
    comes(static_cast<std::uint8_t>(came), 60'000);
    fill();
    dropped = queue_.take_dropped();
  }
  std::size_t left = 0;
  while (!queue_.empty()) left += queue_.take().size();
  EXPECT_EQ(left, came - dropped);
  EXPECT_GE(left * 60'000, (3U << 19U) - 2 * 65'536);
}

TEST_F(InnerQueueOnATun, BoundsTheNumberOfSmallPackets) {
  for (int i = 0; i < 3'000; ++i) comes(1, 84);
  while (!tun_.waiting.empty()) fill();
  const std::uint64_t dropped = queue_.take_dropped();
  std::size_t taken = 0;
  while (!queue_.empty()) taken += queue_.take().size();
  EXPECT_EQ(taken + dropped, 3'000U);
  EXPECT_GE(taken, 680U);
  EXPECT_LE(taken, 1'024U);
}

TEST_F(InnerQueueOnATun, LonePacketsUseTheSameMemory) {
  comes(1, 1'400);
  fill();
  const std::uint8_t* const first = queue_.take()[0].packet().data();
  for (int i = 0; i < 50; ++i) {
    comes(static_cast<std::uint8_t>(i), 1'400);
    fill();
    ASSERT_EQ(queue_.take()[0].packet().data(), first);
  }
}

TEST_F(InnerQueueOnATun, LeavesMalformedOnesOut) {
  comes(1, 100);
  tun_.header.gso_type = 77;
  fill();
  EXPECT_TRUE(queue_.empty());
}

TEST_F(InnerQueueOnATun, SaysThatTheInterfaceIsGone) {
  tun_.gone = true;
  const Status filled = queue_.fill(tun_);
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().code(), Code::not_found);
}

/// Against a model: each flow's packets come out whole and in order, each once or counted as
/// dropped, whatever comes and goes in between.
TEST_F(InnerQueueOnATun, KeepsOrderAndBytesOfEveryFlow) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    InnerQueue queue(seed);
    Rng rng(seed);
    std::map<int, std::uint32_t> next;
    std::map<int, std::uint32_t> expected;
    std::uint64_t came = 0;
    std::uint64_t left = 0;
    const bool large = seed % 2 == 0;
    const auto take = [&] {
      for (const SegmentedPacket& packet : queue.take()) {
        const ByteView bytes = packet.packet();
        const int flow = flow_of(bytes);
        ASSERT_GE(sequence_of(bytes), expected[flow]);
        expected[flow] = sequence_of(bytes) + 1;
        ASSERT_TRUE(std::ranges::equal(bytes, make_packet({.flow = static_cast<std::uint8_t>(flow),
                                                           .sequence = sequence_of(bytes),
                                                           .payload = bytes.size() - k_headers})));
        ++left;
      }
    };
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t burst = rng.below(large ? 12 : 200);
      for (std::uint64_t i = 0; i < burst; ++i) {
        const auto flow = static_cast<std::uint8_t>(rng.below(20));
        comes(flow, k_headers + 1 + rng.below(large ? 60'000 : 1'400), next[flow]++);
        ++came;
      }
      ASSERT_TRUE(queue.fill(tun_));
      for (std::uint64_t i = rng.below(3); i != 0; --i) take();
    }
    while (!tun_.waiting.empty()) ASSERT_TRUE(queue.fill(tun_));
    while (!queue.empty()) take();
    ASSERT_EQ(left + queue.take_dropped(), came) << "seed " << seed;
  }
}

struct Pair {
  const char* what;
  TransportSpec one;
  TransportSpec other;
  bool same;
};

TEST(FlowHash, IsOneForAFlow) {
  const std::vector<Pair> table = {
      {"another part of the stream", {}, {.sequence = 9, .payload = 7}, true},
      {"another source", {}, {.flow = 2}, false},
      {"another protocol", {}, {.tcp = false}, false},
      {"IPv6, another part", {.v4 = false}, {.v4 = false, .sequence = 9, .payload = 7}, true},
      {"IPv6, another label", {.v4 = false}, {.v4 = false, .service = 15}, true},
      {"IPv6, another source", {.v4 = false}, {.v4 = false, .flow = 2}, false},
      {"IPv6, another protocol", {.v4 = false}, {.v4 = false, .tcp = false}, false},
  };
  for (const Pair& pair : table) {
    const std::uint64_t one = flow_hash(make_packet(pair.one), k_seed);
    EXPECT_EQ(one == flow_hash(make_packet(pair.other), k_seed), pair.same) << pair.what;
    EXPECT_NE(one, flow_hash(make_packet(pair.one), k_seed + 1)) << pair.what;
  }
}

TEST(FlowHash, LooksForPortsOnlyWhereEveryPacketHasThem) {
  ByteVector first = make_packet({.tcp = false});
  ByteVector later = make_packet({.tcp = false});
  first[6] = 0x20;  // more fragments
  later[7] = 0x10;  // an offset
  later[20] ^= 0x55;
  EXPECT_EQ(flow_hash(first, k_seed), flow_hash(later, k_seed));
  ByteVector other = make_packet({});
  const std::uint64_t before = flow_hash(other, k_seed);
  other[22] ^= 1;  // the destination's port
  EXPECT_NE(flow_hash(other, k_seed), before);
}

TEST(FlowHash, TakesWhateverBytes) {
  EXPECT_EQ(flow_hash({}, k_seed), 0U);
  const ByteVector packet = make_packet({});
  for (std::size_t size = 0; size < packet.size(); ++size)
    flow_hash(ByteView(packet).first(size), k_seed);
  ByteVector long_header = packet;
  long_header[0] = 0x4f;
  long_header.resize(21);
  flow_hash(long_header, k_seed);
}

TEST(FlowHash, SpreadsOverTheLowBits) {
  std::map<std::uint64_t, int> buckets;
  for (int flow = 0; flow < 256; ++flow)
    ++buckets[flow_hash(make_packet({.flow = static_cast<std::uint8_t>(flow)}), k_seed) % 256];
  EXPECT_GT(buckets.size(), 130U);  // of 256 balls thrown at random into as many, 162 are met
}

}  // namespace
}  // namespace weir
