// The failover machine and the choices of the gateway together, in simulated time.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "agent/enforce/failover_machine.h"
#include "agent/enforce/gateway/service_entry.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RegionName k_us("us");
const RegionName k_eu("eu");

/// us and eu serve in tiers; each request takes as long as it takes, one comes every millisecond.
class World {
 public:
  World(std::uint32_t limit, Duration latency) : World(plan(limit), latency) {}

  World(const ServicePlan& plan, Duration latency)
      : latency_(latency),
        entry_(plan, 7),
        us_(stats_.row(k_web, k_us)),
        eu_(stats_.row(k_web, k_eu)) {
    Revision revision;
    revision.self = {AgentId("us/agent-1"), k_us, ClusterName("c"), IpAddress::v4(0x0a5a0001U),
                     IpPrefix::parse("10.90.0.0/16").value()};
    MeshPeer peer;
    peer.agent = AgentId("eu/agent-1");
    peer.region = k_eu;
    peer.cluster = ClusterName("c");
    peer.overlay = IpAddress::v4(0x0a5a0002U);
    revision.peers = {peer};
    revision.services = {entry_.plan};
    EXPECT_TRUE(machine_.apply(revision, now_));
    machine_.on_path({peer.agent, k_eu, true, ""}, now_);
    entry_.servers = {std::make_shared<Target>()};
    entry_.destinations = {{&eu_, false, {std::make_shared<Target>()}}, {&us_, true, {}}};
    look();
  }

  void pass(Duration duration) {
    for (const Time until = now_ + duration; now_ < until;) {
      now_ += milliseconds(1);
      while (!under_way_.empty() && under_way_.front().ends <= now_) {
        stats_.ended(*under_way_.front().row, TrafficStats::End::ok, latency_, latency_);
        under_way_.pop_front();
      }
      const auto choice = entry_.choose({});
      ASSERT_TRUE(choice.has_value());
      stats_.started(*choice->row, choice->chosen);
      under_way_.push_back({now_ + latency_, choice->row});
      if (now_ >= next_results_) take_results();
      look();
    }
  }

  std::uint64_t take_started_in_us() { return std::exchange(started_in_us_, 0); }
  std::uint32_t in_flight_in_us() const { return us_.load; }
  std::uint64_t take_overflow_in_eu() { return std::exchange(overflow_in_eu_, 0); }
  ServiceEntry& entry() { return entry_; }
  TrafficStats& stats() { return stats_; }
  TrafficStats::Row& us() { return us_; }

  static ServicePlan plan(std::uint32_t limit) {
    ServicePlan plan;
    plan.service = k_web;
    plan.listen_port = 8080;
    plan.weights = {{k_us, 100}, {k_eu, 100}};
    plan.failover.tiers = {{k_us}, {k_eu}};
    plan.failover.max_in_flight = limit;
    return plan;
  }

 private:
  struct Request {
    Time ends;
    TrafficStats::Row* row;
  };

  void take_results() {
    next_results_ = now_ + milliseconds(200);
    TrafficStats::Collected collected;
    stats_.collect(collected);
    for (const auto& [key, row] : collected.rows) {
      if (key.second == k_us) started_in_us_ += row.started;
      if (key.second == k_eu) overflow_in_eu_ += row.overflow;
      machine_.on_results({key.first, key.second, row.ok, 0, row.in_flight}, now_);
    }
  }

  void look() {
    if (const auto table = machine_.update(now_)) entry_.routes = table->services.front();
  }

  static inline const ServiceName k_web{"shop/web"};
  const Duration latency_;
  Time now_{std::chrono::hours(1)};
  Time next_results_ = now_;
  FailoverMachine machine_;
  InFlightCounts counts_;
  TrafficStats stats_{counts_};
  ServiceEntry entry_;
  TrafficStats::Row& us_;
  TrafficStats::Row& eu_;
  std::deque<Request> under_way_;
  std::uint64_t started_in_us_ = 0;
  std::uint64_t overflow_in_eu_ = 0;
};

/// Everything to us by weight, in one tier, with these limits.
ServicePlan limited(std::uint32_t us, std::uint32_t eu) {
  ServicePlan plan = World::plan(0);
  plan.failover.tiers = {};
  plan.weights = {{k_us, 100}, {k_eu, 0}};
  if (us > 0) plan.limits.push_back({k_us, us, 10'000});
  if (eu > 0) plan.limits.push_back({k_eu, eu, 10'000});
  return plan;
}

TEST(GatewayCapacity, TheExcessSpillsSteadilyToTheNextTier) {
  for (const int latency_ms : {20, 150, 400}) {
    // Half as much again as one region takes.
    const auto limit = static_cast<std::uint32_t>(latency_ms * 2 / 3);
    World world(limit, milliseconds(latency_ms));
    world.pass(seconds(15));
    world.take_started_in_us();
    std::vector<double> shares;
    for (int second = 0; second < 20; ++second) {
      world.pass(seconds(1));
      shares.push_back(static_cast<double>(world.take_started_in_us()) / 1000);
      EXPECT_LE(world.in_flight_in_us(), limit);
    }
    const auto [least, most] = std::ranges::minmax(shares);
    EXPECT_GE(least, 0.45) << latency_ms << " ms";
    EXPECT_LE(most, 0.70) << latency_ms << " ms";
    EXPECT_LE(most - least, 0.12) << latency_ms << " ms";
  }
}

TEST(GatewayTraffic, AddsUpCountsOfWindowsAndReplacesWhatIsInFlight) {
  const auto window = [](std::uint64_t started, std::uint64_t chosen, std::uint32_t in_flight) {
    DestinationTraffic traffic;
    traffic.started = started;
    traffic.chosen = chosen;
    traffic.overflow = started - chosen;
    traffic.in_flight = in_flight;
    traffic.unanswered = in_flight - 1;
    return traffic;
  };
  DestinationTraffic all = window(5, 4, 9);
  all.add(window(9, 7, 3));
  EXPECT_EQ(all.started, 14U);
  EXPECT_EQ(all.chosen, 11U);
  EXPECT_EQ(all.overflow, 3U);
  EXPECT_EQ(all.in_flight, 3U);
  EXPECT_EQ(all.unanswered, 2U);
}

TEST(GatewayLimits, SendOnWhatHasNoRoomRequestByRequest) {
  World world(limited(15, 100), milliseconds(20));
  world.pass(seconds(2));
  EXPECT_LE(world.in_flight_in_us(), 15U);
  const std::uint64_t at_home = world.take_started_in_us();
  EXPECT_GE(at_home, 1300U) << "full, and no less: 15 of the 20 that would be open";
  EXPECT_GE(at_home + world.take_overflow_in_eu(), 1780U);
}

TEST(GatewayLimits, LeaveARequestWhereNoneHasRoom) {
  World world(limited(1, 1), milliseconds(20));
  world.pass(seconds(2));
  EXPECT_GE(world.in_flight_in_us(), 18U);
}

TEST(GatewayLimits, DoNotTouchADestinationWithoutOne) {
  World world(limited(15, 0), milliseconds(20));
  world.pass(seconds(2));
  EXPECT_EQ(world.in_flight_in_us(), 20U) << "nobody takes what it has no room for";
  EXPECT_EQ(world.take_overflow_in_eu(), 0U);
}

TEST(GatewayLimits, StayInsideTheTiersThatServe) {
  ServicePlan plan = limited(15, 100);
  plan.weights = {{k_us, 100}, {k_eu, 100}};
  plan.failover.tiers = {{k_us}, {k_eu}};
  World world(plan, milliseconds(20));
  world.pass(seconds(2));
  EXPECT_EQ(world.in_flight_in_us(), 20U);
}

TEST(GatewayLimits, CountNoOpenRelays) {
  World world(limited(15, 100), milliseconds(20));
  for (int i = 0; i < 50; ++i) {
    world.stats().started(world.us(), nullptr);
    world.stats().opened(world.us(), milliseconds(1), milliseconds(20));
  }
  const auto choice = world.entry().choose({});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->row, &world.us());
  world.stats().ended(world.us(), TrafficStats::End::cut, {}, {});
  EXPECT_EQ(world.us().unanswered, 0U);
  EXPECT_EQ(world.in_flight_in_us(), 49U);
}

TEST(GatewayCapacity, ALoadBelowTheLimitStaysAtHome) {
  World world(1000, milliseconds(150));
  world.pass(seconds(5));
  world.take_started_in_us();
  world.pass(seconds(5));
  EXPECT_EQ(world.take_started_in_us(), 5000U);
}

}  // namespace
}  // namespace weir::agent
