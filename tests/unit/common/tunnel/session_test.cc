#include "common/tunnel/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/sim/rng.h"
#include "common/tunnel/inner_packet.h"
#include "common/tunnel/tai64n.h"

namespace weir {
namespace {

class SeededKeys final : public KeySource {
 public:
  void fill(ByteSpan bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng_.next() & mask);
  }
  std::uint8_t mask = 0xff;

 private:
  Rng rng_{1};
};

TEST(ReplayWindow, AgreesWithASetOfAllCounters) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    ReplayWindow window;
    std::set<std::uint64_t> seen;
    std::uint64_t greatest = 0;
    std::uint64_t around = 0;
    for (int step = 0; step < 20000; ++step) {
      if (rng.chance(0.001)) around += rng.below(20000);
      around += rng.below(3);
      const std::uint64_t back = rng.chance(0.02) ? rng.below(9000) : rng.below(100);
      const std::uint64_t counter = around > back ? around - back : 0;
      const bool in_reach = counter + ReplayWindow::k_reach > greatest;
      const bool expected = in_reach && !seen.contains(counter);
      ASSERT_EQ(window.accept(counter), expected) << seed << ' ' << counter << ' ' << greatest;
      if (expected) seen.insert(counter);
      greatest = std::max(greatest, counter);
    }
  }
}

TEST(ReplayWindow, KnowsItsEdges) {
  ReplayWindow window;
  EXPECT_TRUE(window.accept(0));
  EXPECT_FALSE(window.accept(0));
  EXPECT_TRUE(window.accept(ReplayWindow::k_reach));
  EXPECT_FALSE(window.accept(0));
  EXPECT_TRUE(window.accept(1));
  EXPECT_FALSE(window.accept(1));
  EXPECT_TRUE(window.accept(k_reject_after_messages - 1));
  EXPECT_FALSE(window.accept(k_reject_after_messages - 1));
  EXPECT_FALSE(window.accept(ReplayWindow::k_reach));
  EXPECT_TRUE(window.accept(k_reject_after_messages - 2));
}

/// Ways in which windows of other implementations went wrong.
TEST(ReplayWindow, StandsKnownCases) {
  constexpr std::uint64_t k_reach = ReplayWindow::k_reach;
  struct Row {
    std::string_view name;
    std::vector<std::pair<std::uint64_t, bool>> asked;
  };
  for (const Row& row : {
           Row{"the first is not zero", {{1, true}, {1, false}, {0, true}, {0, false}}},
           Row{"out of order",
               {{9, true}, {8, true}, {7, true}, {7, false}, {6, true}, {9, false}}},
           Row{"the oldest still in reach", {{k_reach, true}, {1, true}, {0, false}, {1, false}}},
           Row{"a step of one word", {{63, true}, {64, true}, {63, false}, {62, true}, {0, true}}},
           Row{"a step of the whole ring lands in the same word",
               {{5, true}, {5 + 8192, true}, {5 + 8192, false}, {6 + 8192, true}, {5, false}}},
           Row{"a step of the ring less one word",
               {{70, true}, {70 + 8128, true}, {71, true}, {70, false}, {8197, true}}},
           Row{"a jump forgets all in between",
               {{16384, true}, {8257, true}, {8256, false}, {1, false}, {16383, true}}},
           Row{"the greatest of all",
               {{UINT64_MAX, true},
                {UINT64_MAX, false},
                {UINT64_MAX - 1, true},
                {0, false},
                {UINT64_MAX - k_reach, false},
                {UINT64_MAX - k_reach + 1, true}}},
       }) {
    ReplayWindow window;
    for (const auto& [counter, fresh] : row.asked) {
      EXPECT_EQ(window.accept(counter), fresh) << row.name << ": " << counter;
    }
  }
}

/// Upwards, downwards and every second one first, over more than the window.
TEST(ReplayWindow, StandsLongRuns) {
  constexpr std::uint64_t k_count = 3 * ReplayWindow::k_bits;
  ReplayWindow up;
  for (std::uint64_t i = 0; i < k_count; ++i) ASSERT_TRUE(up.accept(i)) << i;
  for (std::uint64_t i = 0; i < k_count; ++i) ASSERT_FALSE(up.accept(i)) << i;
  ReplayWindow down;
  for (std::uint64_t i = 0; i < k_count; ++i) {
    ASSERT_EQ(down.accept(k_count - i), i < ReplayWindow::k_reach) << i;
  }
  ReplayWindow odd;
  for (std::uint64_t i = 1; i < ReplayWindow::k_reach; i += 2) ASSERT_TRUE(odd.accept(i)) << i;
  for (std::uint64_t i = 0; i < ReplayWindow::k_reach; ++i) {
    ASSERT_EQ(odd.accept(i), i % 2 == 0) << i;
  }
}

struct Sessions : testing::Test {
  std::unique_ptr<Session> make(bool initiator) {
    return std::make_unique<Session>(NoiseState::Keys{}, initiator,
                                     IndexLease(indices, some_peer, keys), 7, start, start);
  }
  SeededKeys keys;
  IndexTable indices;
  Peer* some_peer = reinterpret_cast<Peer*>(this);  // never looked into
  Time start{std::chrono::hours(1)};
};

TEST_F(Sessions, StopSendingAtTheirLimits) {
  const auto session = make(true);
  EXPECT_TRUE(session->may_send(start + k_reject_after_time - Duration(1)));
  EXPECT_FALSE(session->may_send(start + k_reject_after_time));
  EXPECT_FALSE(session->may_receive(start + k_reject_after_time));
  session->skip_to(k_reject_after_messages - 1);
  EXPECT_TRUE(session->may_send(start));
  EXPECT_EQ(session->take_counter(), k_reject_after_messages - 1);
  EXPECT_FALSE(session->may_send(start));
}

TEST_F(Sessions, TakeTheirPlacesAsTheyAreProven) {
  SessionSlots slots;
  slots.add_answered(make(false));
  EXPECT_EQ(slots.current(), nullptr);
  Session* const first = slots.next();
  EXPECT_TRUE(slots.confirm(first));
  EXPECT_FALSE(slots.confirm(first));
  EXPECT_EQ(slots.current(), first);
  slots.add_initiated(make(true), false);
  EXPECT_EQ(slots.previous(), first);
  Session* const second = slots.current();
  slots.add_answered(make(false));
  EXPECT_EQ(slots.current(), second);
  EXPECT_EQ(slots.previous(), nullptr);
  Session* const unproven = slots.next();
  slots.add_initiated(make(true), false);  // both ends started at once, and ours wins
  EXPECT_EQ(slots.previous(), unproven);
  EXPECT_EQ(slots.next(), nullptr);
  EXPECT_EQ(indices.size(), 2U);
  slots.clear();
  EXPECT_EQ(indices.size(), 0U);
}

TEST_F(Sessions, YieldToTheOtherEndsWhenBothStartedAtOnce) {
  SessionSlots slots;
  slots.add_answered(make(false));
  Session* const theirs = slots.next();
  slots.add_initiated(make(true), true);
  Session* const ours = slots.current();
  EXPECT_NE(ours, theirs);
  EXPECT_TRUE(slots.confirm(theirs));
  EXPECT_EQ(slots.current(), theirs);
  EXPECT_EQ(slots.previous(), ours);
}

TEST_F(Sessions, AreFoundByTheirIndexAndNoLonger) {
  auto session = make(true);
  IndexLease pending(indices, some_peer, keys);
  ASSERT_NE(indices.find(pending.index()), nullptr);
  EXPECT_EQ(indices.find(pending.index())->session, nullptr);
  EXPECT_EQ(indices.size(), 2U);
  session.reset();
  EXPECT_EQ(indices.size(), 1U);
}

TEST(IndexTable, AgreesWithAMapThoughIndicesCollide) {
  for (const std::uint8_t mask : {std::uint8_t{0xff}, std::uint8_t{0x07}}) {
    SeededKeys keys;
    keys.mask = mask;
    IndexTable table;
    std::map<std::uint32_t, Peer*> expected;
    Rng rng(5);
    int peer_places[8] = {};
    for (int step = 0; step < 5000; ++step) {
      if (expected.size() < 400 && rng.chance(0.6)) {
        auto* const peer = reinterpret_cast<Peer*>(&peer_places[rng.below(8)]);
        const std::uint32_t index = table.insert(peer, keys);
        ASSERT_TRUE(expected.emplace(index, peer).second);
      } else if (!expected.empty()) {
        auto victim = expected.begin();
        std::advance(victim, static_cast<std::ptrdiff_t>(rng.below(expected.size())));
        table.erase(victim->first);
        EXPECT_EQ(table.find(victim->first), nullptr);
        expected.erase(victim);
      }
      ASSERT_EQ(table.size(), expected.size());
    }
    for (const auto& [index, peer] : expected) {
      ASSERT_NE(table.find(index), nullptr);
      EXPECT_EQ(table.find(index)->peer, peer);
    }
  }
}

TEST(Timestamps, AreWhitenedAndOnlyGrow) {
  TimestampMaker maker;
  const WallTime start{std::chrono::seconds(1700000000)};
  Tai64n last{};
  std::set<Tai64n> in_a_second;
  for (int ms = 0; ms < 1000; ms += 20) {
    const Tai64n stamp = maker.next(start + std::chrono::milliseconds(ms));
    EXPECT_GT(stamp, last);
    EXPECT_EQ(load_be32(stamp.data() + 8) % TimestampMaker::k_step_ns, 0U);
    EXPECT_LT(load_be32(stamp.data() + 8), 1'000'000'000U);
    EXPECT_EQ(load_be64(stamp.data()), 0x400000000000000aU + 1700000000U);
    last = stamp;
  }
}

TEST(Timestamps, TellNoMoreThanTheStepOfTheirClock) {
  const WallTime start{std::chrono::seconds(1700000000)};
  const auto at = [&](std::uint64_t ns) {
    return TimestampMaker().next(start + Duration(static_cast<std::int64_t>(ns)));
  };
  EXPECT_EQ(at(0), at(TimestampMaker::k_step_ns - 1));
  EXPECT_LT(at(0), at(TimestampMaker::k_step_ns));
  EXPECT_EQ(to_hex(at(TimestampMaker::k_step_ns * 3 + 7)), "400000006553f10a03000000");
  EXPECT_EQ(to_hex(at(999'999'999)), "400000006553f10a3b000000");
  EXPECT_EQ(to_hex(at(1'000'000'000)), "400000006553f10b00000000");
}

TEST(Timestamps, GrowThoughTheWallClockJumpsBackOrStands) {
  TimestampMaker maker;
  const WallTime start{std::chrono::seconds(1700000000)};
  Tai64n last = maker.next(start + std::chrono::hours(24 * 365));
  for (int i = 0; i < 1000; ++i) {
    const Tai64n stamp = maker.next(start);
    ASSERT_GT(stamp, last);
    ASSERT_LT(load_be32(stamp.data() + 8), 1'000'000'000U);
    last = stamp;
  }
  // A thousand steps are 17 seconds: nothing runs away.
  EXPECT_LT(load_be64(last.data()), 0x400000000000000aU + 1700000000U + 24 * 365 * 3600 + 18);
  EXPECT_GT(TimestampMaker(maker.last_ns()).next(WallTime(Duration(-5))), last);
}

TEST(Padding, IsToSixteenButNotPastTheMtu) {
  struct Row {
    std::size_t size, mtu, padded;
  };
  for (const Row& row :
       {Row{0, 1420, 0}, Row{1, 1420, 16}, Row{16, 1420, 16}, Row{17, 1420, 32},
        Row{1409, 1420, 1420}, Row{1420, 1420, 1420}, Row{1298, 1299, 1299}, Row{1299, 1300, 1300},
        Row{20, 20, 20}, Row{65000, 0, 65008}, Row{65535, 65535, 65535}, Row{1421, 1420, 1436},
        Row{2841, 1420, 2856}, Row{2840, 1420, 2840}, Row{5, 1, 5}}) {
    EXPECT_EQ(padded_size(row.size, row.mtu), row.padded) << row.size << ' ' << row.mtu;
  }
}

TEST(InnerPacket, ReadsHeadersAndRefusesTheRest) {
  ByteVector v4(28);
  v4[0] = 0x45;
  v4[3] = 28;
  v4[12] = 10;
  v4[16] = 11;
  ASSERT_TRUE(read_inner_packet(v4).has_value());
  EXPECT_EQ(read_inner_packet(v4)->source[0], 10);
  EXPECT_EQ(read_inner_packet(v4)->destination[0], 11);
  EXPECT_EQ(read_inner_packet(v4)->size, 28U);
  v4.resize(32);  // padding
  EXPECT_EQ(read_inner_packet(v4)->size, 28U);

  ByteVector v6(48);
  v6[0] = 0x60;
  v6[5] = 8;
  v6[8] = 0xfd;
  v6[24] = 0xfe;
  ASSERT_TRUE(read_inner_packet(v6).has_value());
  EXPECT_FALSE(read_inner_packet(v6)->v4);
  EXPECT_EQ(read_inner_packet(v6)->source[0], 0xfd);
  EXPECT_EQ(read_inner_packet(v6)->destination[0], 0xfe);

  EXPECT_FALSE(read_inner_packet({}).has_value());
  EXPECT_FALSE(read_inner_packet(ByteView(v4).first(19)).has_value());
  EXPECT_FALSE(read_inner_packet(ByteView(v4).first(27)).has_value());
  EXPECT_FALSE(read_inner_packet(ByteView(v6).first(39)).has_value());
  EXPECT_FALSE(read_inner_packet(ByteView(v6).first(47)).has_value());
  v4[3] = 19;
  EXPECT_FALSE(read_inner_packet(v4).has_value());
  for (const int version : {0, 1, 5, 7, 15}) {
    v6[0] = static_cast<std::uint8_t>(version << 4);
    EXPECT_FALSE(read_inner_packet(v6).has_value()) << version;
  }
}

}  // namespace
}  // namespace weir
