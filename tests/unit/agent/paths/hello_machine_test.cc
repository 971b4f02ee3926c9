#include "agent/paths/hello_machine.h"

#include <gtest/gtest.h>

#include <functional>
#include <queue>

#include "common/sim/rng.h"

namespace weir::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

double to_ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

struct Link {
  Duration rtt = milliseconds(10);
  Duration jitter{0};
  double loss = 0;
};

/// Two detectors and the path between them, in simulated time.
class Pair {
 public:
  struct Change {
    Time at;
    bool up;
    std::string reason;
  };
  struct End {
    IpAddress address;
    std::unique_ptr<HelloMachine> machine;
    HelloOutput out;
    std::vector<Change> changes;
    std::vector<std::pair<Time, bool>> isolation;
    bool cut = false;  // what this end sends is lost
    Time paused_until{};
    std::vector<std::pair<IpAddress, HelloMessage>> waiting;  // arrived while paused
    std::uint64_t sent = 0;
  };

  Pair(Link link, std::uint64_t seed) : link_(link), rng_(seed) {
    start_ = now_;
    for (std::size_t i = 0; i < 2; ++i) {
      ends_[i].address = IpAddress::v4(0x0a5a0002U + static_cast<std::uint32_t>(i));
      // The two do not start in step.
      const Time begin = now_ + Duration(static_cast<std::int64_t>(rng_.below(50'000'000)));
      ends_[i].machine = std::make_unique<HelloMachine>(
          HelloMachine::Options{}, static_cast<std::uint32_t>(rng_.next() | 1), begin);
      at(begin, [this, i] { meet(i); });
    }
  }

  End& end(std::size_t i) { return ends_[i]; }
  Time now() const { return now_; }
  bool both_up() const {
    return ends_[0].machine->up(ends_[1].address) && ends_[1].machine->up(ends_[0].address);
  }

  void at(Time when, std::function<void()> what) {
    events_.push({when, order_++, std::move(what)});
  }

  void run(Duration duration) {
    const Time until = now_ + duration;
    while (!events_.empty() && events_.top().when <= until) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.when;
      event.what();
    }
    now_ = until;
  }

  /// The process of one end stands still: timers late, packets waiting in its socket.
  void pause(std::size_t i, Duration duration) { ends_[i].paused_until = now_ + duration; }

  /// The first change after `since`, in milliseconds after it; -1 when there is none.
  double first_down_after(std::size_t i, Time since) const {
    for (const Change& change : ends_[i].changes) {
      if (change.at >= since && !change.up) return to_ms(change.at - since);
    }
    return -1;
  }
  std::size_t downs(std::size_t i) const {
    std::size_t count = 0;
    for (const Change& change : ends_[i].changes) count += change.up ? 0U : 1U;
    return count;
  }

 private:
  struct Event {
    Time when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return std::tie(other.when, other.order) < std::tie(when, order);
    }
  };

  void meet(std::size_t i) {
    const OverlayPeer peer{AgentId(i == 0 ? "b/agent-1" : "a/agent-1"),
                           RegionName(i == 0 ? "b" : "a"), ends_[1 - i].address};
    ends_[i].machine->set_peers({&peer, 1}, now_, ends_[i].out);
    flush(i);
    wake(i);
  }

  void wake(std::size_t i) {
    End& end = ends_[i];
    if (end.paused_until > now_) {
      at(end.paused_until, [this, i] { wake(i); });
      return;
    }
    for (const auto& [from, message] : end.waiting) {
      end.machine->on_message(from, message, now_, end.out);
    }
    end.waiting.clear();
    if (now_ >= end.machine->next_wake()) end.machine->on_timer(now_, end.out);
    flush(i);
    arm(i);
  }

  /// One pending timer per end is enough: a stale one finds that it is early.
  void arm(std::size_t i) {
    const std::uint64_t mine = ++armed_[i];
    at(ends_[i].machine->next_wake(), [this, i, mine] {
      if (mine == armed_[i]) wake(i);
    });
  }

  void flush(std::size_t i) {
    End& end = ends_[i];
    for (const auto& change : end.out.changes)
      end.changes.push_back({now_, change.up, change.reason});
    if (end.out.isolated) end.isolation.emplace_back(now_, *end.out.isolated);
    for (const auto& [to, message] : end.out.sends) {
      ++end.sent;
      if (end.cut || rng_.chance(link_.loss)) continue;
      const Duration extra(
          static_cast<std::int64_t>(rng_.unit() * static_cast<double>(link_.jitter.count())));
      at(now_ + link_.rtt / 2 + extra, [this, i, copy = message] { deliver(i, copy); });
    }
    end.out.clear();
  }

  void deliver(std::size_t from, const HelloMessage& message) {
    End& end = ends_[1 - from];
    if (end.paused_until > now_) {
      end.waiting.emplace_back(ends_[from].address, message);
      return;
    }
    const auto parsed = parse_hello(encode_hello(message));
    ASSERT_TRUE(parsed.has_value());
    const Time before = end.machine->next_wake();
    end.machine->on_message(ends_[from].address, *parsed, now_, end.out);
    flush(1 - from);
    if (end.machine->next_wake() < before) arm(1 - from);
  }

  const Link link_;
  Rng rng_;
  Time start_;
  Time now_{hours(1)};
  std::array<End, 2> ends_;
  std::array<std::uint64_t, 2> armed_{};
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
};

struct LossCase {
  double loss;
  int rtt_ms;
  int jitter_ms;
};

class HelloMachineLoss : public testing::TestWithParam<LossCase> {};

TEST_P(HelloMachineLoss, NeverTakesAWorkingPathDown) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const LossCase row = GetParam();
    Pair pair({milliseconds(row.rtt_ms), milliseconds(row.jitter_ms), row.loss}, seed);
    pair.run(hours(1));
    EXPECT_EQ(pair.downs(0) + pair.downs(1), 0U) << "seed " << seed;
    EXPECT_TRUE(pair.both_up()) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, HelloMachineLoss,
                         testing::Values(LossCase{0.02, 2, 0}, LossCase{0.02, 200, 20},
                                         LossCase{0.05, 2, 1}, LossCase{0.05, 80, 10},
                                         LossCase{0.05, 250, 40}));

TEST(HelloMachine, NoticesACutWithinItsBoundAtEveryRoundTrip) {
  for (const int rtt_ms : {1, 5, 20, 80, 150, 200, 250}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      Pair pair({milliseconds(rtt_ms), milliseconds(0), 0.005}, seed);
      pair.run(seconds(5) + milliseconds(seed * 7));
      ASSERT_TRUE(pair.both_up());
      const Time cut = pair.now();
      pair.end(0).cut = pair.end(1).cut = true;
      pair.run(seconds(3));
      // Half a round trip under way, 105 ms, 30 ms, the round trip and its margin.
      const double bound = 0.5 * rtt_ms + 135 + rtt_ms + 20 + 3;
      for (const std::size_t i : {0U, 1U}) {
        const double took = pair.first_down_after(i, cut);
        EXPECT_GE(took, 0) << "end " << i << " rtt " << rtt_ms << " seed " << seed;
        EXPECT_LE(took, bound) << "end " << i << " rtt " << rtt_ms << " seed " << seed;
        if (rtt_ms <= 200) EXPECT_LT(took, 480);
      }
    }
  }
}

TEST(HelloMachine, BothEndsGiveUpAPathThatIsCutInOneDirection) {
  for (const int rtt_ms : {2, 50, 200}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Pair pair({milliseconds(rtt_ms), milliseconds(1), 0.005}, seed);
      pair.run(seconds(5) + milliseconds(seed * 7));
      ASSERT_TRUE(pair.both_up());
      const Time cut = pair.now();
      pair.end(0).cut = true;
      pair.run(seconds(10));
      EXPECT_GE(pair.first_down_after(1, cut), 0);
      EXPECT_LE(pair.first_down_after(1, cut), 1.5 * rtt_ms + 165);
      EXPECT_GE(pair.first_down_after(0, cut), 0) << "rtt " << rtt_ms << " seed " << seed;
      EXPECT_LE(pair.first_down_after(0, cut), 2 * rtt_ms + 180) << "rtt " << rtt_ms;
      EXPECT_EQ(pair.downs(0), 1U);
      EXPECT_FALSE(pair.both_up());
      pair.end(0).cut = false;
      pair.run(seconds(3));
      EXPECT_TRUE(pair.both_up());
    }
  }
}

TEST(HelloMachine, StandingStillItselfTakesNoPathDown) {
  for (const int pause_ms : {60, 200, 1000, 30000}) {
    Pair pair({milliseconds(20), milliseconds(0), 0.02}, 7);
    pair.run(seconds(5));
    ASSERT_TRUE(pair.both_up());
    pair.pause(0, milliseconds(pause_ms));
    pair.run(milliseconds(pause_ms) + seconds(5));
    EXPECT_EQ(pair.downs(0), 0U) << pause_ms << " ms: " << pair.end(0).changes.back().reason;
    EXPECT_EQ(pair.end(0).machine->stalls(), pause_ms > 100 ? 1U : 0U);
    EXPECT_TRUE(pair.both_up());
  }
}

TEST(HelloMachine, StillNoticesACutThatBeginsWhileItStandsStill) {
  Pair pair({milliseconds(20), milliseconds(0), 0}, 3);
  pair.run(seconds(5));
  pair.pause(0, seconds(2));
  pair.run(milliseconds(500));
  pair.end(0).cut = pair.end(1).cut = true;
  const Time awake = pair.now() + milliseconds(1500);
  pair.run(seconds(3));
  EXPECT_GE(pair.first_down_after(0, awake), 0);
  EXPECT_LE(pair.first_down_after(0, awake), 300);
}

TEST(HelloMachine, LetsAFlappingPathBackLaterEachTime) {
  Pair pair({milliseconds(10), milliseconds(0), 0}, 5);
  pair.run(seconds(2));
  std::vector<double> waits;
  for (int flap = 0; flap < 9; ++flap) {
    pair.end(0).cut = pair.end(1).cut = true;
    pair.run(milliseconds(600));
    pair.end(0).cut = pair.end(1).cut = false;
    const Time healed = pair.now();
    while (!pair.both_up() && pair.now() - healed < seconds(100)) pair.run(milliseconds(10));
    waits.push_back(to_ms(pair.now() - healed));
  }
  const std::vector<double> holds = {1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (std::size_t i = 0; i < holds.size(); ++i) {
    EXPECT_GE(waits[i], holds[i] * 1000) << "flap " << i;
    EXPECT_LE(waits[i], holds[i] * 1000 + 200) << "flap " << i;
  }
  pair.run(minutes(5));  // forgiven
  pair.end(0).cut = pair.end(1).cut = true;
  pair.run(milliseconds(600));
  pair.end(0).cut = pair.end(1).cut = false;
  pair.run(milliseconds(1200));
  EXPECT_TRUE(pair.both_up());
}

TEST(HelloMachine, ALinkThatFlapsTwiceASecondChangesLittle) {
  Pair pair({milliseconds(10), milliseconds(0), 0}, 5);
  pair.run(seconds(2));
  for (int i = 0; i < 120; ++i) {
    pair.end(0).cut = pair.end(1).cut = i % 2 == 0;
    pair.run(milliseconds(250));
  }
  EXPECT_LE(pair.end(0).changes.size(), 4U);
}

TEST(HelloMachine, ComesBackUnderLossEvenFromTheLongestHold) {
  Pair pair({milliseconds(40), milliseconds(5), 0.05}, 11);
  pair.run(seconds(3));
  for (int flap = 0; flap < 8; ++flap) {
    pair.end(0).cut = pair.end(1).cut = true;
    pair.run(seconds(1));
    pair.end(0).cut = pair.end(1).cut = false;
    pair.run(minutes(5));
    EXPECT_TRUE(pair.both_up()) << "flap " << flap;
  }
}

TEST(HelloMachine, SurvivesARestartOfThePeer) {
  Pair pair({milliseconds(10), milliseconds(0), 0}, 5);
  pair.run(seconds(2));
  auto& other = pair.end(1);
  other.machine = std::make_unique<HelloMachine>(HelloMachine::Options{}, 77U, pair.now());
  const OverlayPeer back{AgentId("a/agent-1"), RegionName("a"), pair.end(0).address};
  other.machine->set_peers({&back, 1}, pair.now(), other.out);
  pair.run(seconds(2));
  EXPECT_EQ(pair.downs(0), 0U);
  EXPECT_TRUE(pair.both_up());
}

TEST(HelloMachine, MeasuresTheRoundTrip) {
  for (const int rtt_ms : {1, 30, 250}) {
    Pair pair({milliseconds(rtt_ms), milliseconds(0), 0.02}, 5);
    pair.run(seconds(20));
    const auto measured = pair.end(0).machine->round_trip(pair.end(1).address);
    ASSERT_TRUE(measured.has_value());
    EXPECT_NEAR(to_ms(*measured), rtt_ms, 0.1);
  }
}

TEST(HelloMachine, SendsTwentyMessagesASecondAndNoMore) {
  Pair pair({milliseconds(30), milliseconds(2), 0}, 5);
  pair.run(seconds(100));
  EXPECT_NEAR(static_cast<double>(pair.end(0).sent), 2000, 20);
  pair.end(0).cut = pair.end(1).cut = true;
  pair.run(seconds(100));
  EXPECT_NEAR(static_cast<double>(pair.end(0).sent), 4000, 40);
}

TEST(HelloMachine, SuspectsItselfWhenItHearsNobody) {
  Pair pair({milliseconds(10), milliseconds(0), 0}, 5);
  pair.run(seconds(3));
  EXPECT_TRUE(pair.end(0).isolation.empty());
  pair.end(1).cut = true;
  pair.run(seconds(1));
  ASSERT_EQ(pair.end(0).isolation.size(), 1U);
  EXPECT_TRUE(pair.end(0).isolation[0].second);
  pair.end(1).cut = false;
  pair.run(seconds(3));
  ASSERT_EQ(pair.end(0).isolation.size(), 2U);
  EXPECT_FALSE(pair.end(0).isolation[1].second);
}

/// One detector with three peers that say hello every 50 ms and always hear it.
class Star {
 public:
  Star() {
    std::vector<OverlayPeer> peers;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string region(1, static_cast<char>('b' + i));
      peers.push_back({AgentId(region + "/agent-1"), RegionName(region), address(i)});
    }
    machine_.set_peers(peers, now_, out_);
    run(seconds(2));
  }
  static IpAddress address(std::size_t i) {
    return IpAddress::v4(0x0a5a0002U + static_cast<std::uint32_t>(i));
  }
  void run(Duration duration) {
    for (const Time until = now_ + duration; now_ < until; now_ += milliseconds(1)) {
      if (now_ >= next_hello_) hear();
      if (now_ >= machine_.next_wake()) machine_.on_timer(now_, out_);
      out_.clear();
    }
  }
  /// Until every path is up again, at most 100 s.
  Duration time_to_heal() {
    const Time begin = now_;
    while (!all_up() && now_ - begin < seconds(100)) run(milliseconds(10));
    return now_ - begin;
  }
  bool all_up() const {
    return machine_.up(address(0)) && machine_.up(address(1)) && machine_.up(address(2));
  }
  std::array<bool, 3> cut{};

 private:
  void hear() {
    next_hello_ = now_ + milliseconds(50);
    ++sequence_;
    for (std::size_t i = 0; i < cut.size(); ++i) {
      if (cut[i]) continue;
      HelloMessage hello;
      hello.kind = HelloMessage::Kind::hello;
      hello.boot_id = 100 + static_cast<std::uint32_t>(i);
      hello.sequence = sequence_;
      hello.heard_boot_id = 1;
      hello.hears_you = true;
      machine_.on_message(address(i), hello, now_, out_);
    }
  }

  Time now_{hours(1)};
  Time next_hello_ = now_;
  std::uint32_t sequence_ = 0;
  HelloMachine machine_{HelloMachine::Options{}, 1, now_};
  HelloOutput out_;
};

TEST(HelloMachine, CountsNoFlapWhereItWasCutOffItself) {
  Star star;
  ASSERT_TRUE(star.all_up());
  for (int blip = 0; blip < 6; ++blip) {
    star.cut = {true, true, true};
    star.run(seconds(1));
    star.cut = {};
    EXPECT_LE(star.time_to_heal(), milliseconds(1200)) << "blip " << blip;
    star.run(seconds(1));
  }
  // Two paths of three are still theirs to answer for.
  for (int flap = 0; flap < 3; ++flap) {
    star.cut = {true, true, false};
    star.run(seconds(1));
    star.cut = {};
    EXPECT_GE(star.time_to_heal(), seconds(1 << flap)) << "flap " << flap;
  }
}

TEST(HelloMachine, AnswersNoStrangerAndCapsEchoReplies) {
  const Time start(hours(1));
  HelloMachine machine(HelloMachine::Options{}, 1, start);
  HelloOutput out;
  const OverlayPeer peer{AgentId("b/agent-1"), RegionName("b"), IpAddress::v4(0x0a5a0003)};
  machine.set_peers({&peer, 1}, start, out);
  HelloMessage echo;
  echo.kind = HelloMessage::Kind::echo_request;
  echo.boot_id = 9;
  machine.on_message(IpAddress::v4(0x0a5a0009), echo, start, out);
  EXPECT_TRUE(out.sends.empty());
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    echo.sequence = i;
    machine.on_message(peer.overlay, echo, start + milliseconds(i), out);
  }
  EXPECT_LE(out.sends.size(), 70U);
  EXPECT_GE(out.sends.size(), 60U);
}

TEST(HelloMessage, IsReadAsItWasWrittenAndNothingElse) {
  Rng rng(4);
  for (int i = 0; i < 1000; ++i) {
    HelloMessage message;
    message.kind = static_cast<HelloMessage::Kind>(1 + rng.below(3));
    message.boot_id = static_cast<std::uint32_t>(rng.next());
    message.sequence = static_cast<std::uint32_t>(rng.next());
    message.heard_boot_id = static_cast<std::uint32_t>(rng.next());
    message.heard_sequence = static_cast<std::uint32_t>(rng.next());
    message.age_or_echo = static_cast<std::uint32_t>(rng.next());
    message.hears_you = rng.chance(0.5);
    message.up = rng.chance(0.5);
    auto bytes = encode_hello(message);
    const auto parsed = parse_hello(bytes);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(*parsed, message);
    EXPECT_FALSE(parse_hello(ByteView(bytes).first(27)).has_value());
    bytes[rng.below(3)] ^= 1;
    EXPECT_FALSE(parse_hello(bytes).has_value());
  }
}

}  // namespace
}  // namespace weir::agent
