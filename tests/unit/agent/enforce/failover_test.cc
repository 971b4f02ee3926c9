#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "agent/enforce/failover_machine.h"
#include "common/sim/rng.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ServiceName k_web("shop/web");
const RegionName k_us("us");
const RegionName k_eu("eu");
const RegionName k_ap("ap");

AgentId agent_in(const RegionName& region, int n = 1) {
  return AgentId(region.value() + "/agent-" + std::to_string(n));
}

MeshPeer peer_in(const RegionName& region, int n) {
  MeshPeer peer;
  peer.agent = agent_in(region, n);
  peer.region = region;
  peer.cluster = ClusterName("c");
  const auto last = static_cast<std::uint32_t>(peer.agent.value().front() + n);
  peer.overlay = IpAddress::v4(0x0a5a0000U + last);
  peer.public_key[0] = static_cast<std::uint8_t>(last);
  return peer;
}

/// The world as seen from an agent in us: 130 at home, 100 in eu and ap.
class World {
 public:
  World() {
    revision.self = {agent_in(k_us), k_us, ClusterName("c"), IpAddress::v4(0x0a5a0001U),
                     IpPrefix::parse("10.90.0.0/16").value()};
    revision.peers = {peer_in(k_eu, 1), peer_in(k_ap, 1)};
    ServicePlan plan;
    plan.service = k_web;
    plan.listen_port = 8080;
    plan.weights = {{k_us, 130}, {k_eu, 100}, {k_ap, 100}};
    revision.services = {plan};
  }

  ServicePlan& plan() { return revision.services.front(); }
  FailoverSpec& rules() { return plan().failover; }

  /// Applies the revision; every path comes up and every server works.
  void start() {
    apply();
    for (const MeshPeer& peer : revision.peers) path(peer.agent, true);
    local(2, 2);
    pass(milliseconds(0));
  }
  void apply() { ASSERT_TRUE(machine.apply(revision, now)); }
  void path(const AgentId& to, bool up) {
    const std::string region = to.value().substr(0, to.value().find('/'));
    machine.on_path({to, RegionName(region), up, "3 hellos missed"}, now);
    look();
  }
  void servers(const RegionName& region, double share, std::uint32_t all = 4, int agent = 1) {
    const RegionHealth said{k_web, region, agent_in(region, agent), Ratio(share), all};
    machine.on_agent_health(said.agent, {&said, 1}, now);
    look();
  }
  void local(int healthy, int all) {
    std::vector<EndpointState> states;
    for (int i = 0; i < all; ++i) {
      states.push_back(
          {k_web, Endpoint{IpAddress::v4(1), static_cast<std::uint16_t>(i)}, i < healthy, "", 0});
    }
    machine.on_local_health(states, now);
    look();
  }
  void results(const RegionName& region, std::uint64_t ended, std::uint64_t failed,
               std::uint32_t in_flight = 0) {
    machine.on_results({k_web, region, ended, failed, in_flight}, now);
    look();
  }
  /// Time passes as in the enforcer: a look whenever the machine asks for it.
  void pass(Duration duration) {
    const Time until = now + duration;
    int looks = 0;
    while (machine.next_wakeup() && *machine.next_wakeup() <= until) {
      now = std::max(now, *machine.next_wakeup());
      look();
      ASSERT_LT(++looks, 5000) << "the machine asks to be woken for ever";
    }
    now = until;
    look();
  }
  void look() {
    if (auto next = machine.update(now)) table = next;
    for (FailoverEvent& event : machine.take_events()) events.push_back(std::move(event));
  }

  const Destination& at(const RegionName& region) const {
    for (const Destination& destination : table->services.front()->destinations) {
      if (destination.region == region) return destination;
    }
    ADD_FAILURE() << "no destination " << region;
    static const Destination none;
    return none;
  }
  /// The weights of us, eu, ap, rounded, and what the states of the three are.
  std::vector<int> weights() const {
    std::vector<int> all;
    for (const RegionName& region : {k_us, k_eu, k_ap}) {
      all.push_back(static_cast<int>(std::lround(at(region).weight)));
    }
    return all;
  }
  int seen(const std::string& type) const {
    int count = 0;
    for (const FailoverEvent& event : events) count += event.type == type;
    return count;
  }

  Revision revision;
  FailoverMachine machine;
  Time now{seconds(1000)};
  std::shared_ptr<const RoutingTable> table;
  std::vector<FailoverEvent> events;
};

using Weights = std::vector<int>;

TEST(Failover, GivesTheConfiguredWeightsWhenAllIsWell) {
  World world;
  world.start();
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
  EXPECT_EQ(world.at(k_eu).state, "active");
  EXPECT_EQ(world.at(k_eu).doors.at(0).peer.agent, agent_in(k_eu));
  EXPECT_TRUE(world.events.empty());
  EXPECT_FALSE(world.machine.next_wakeup().has_value());
}

TEST(Failover, LeavesARegionInTheSameCallInWhichItsPathGoesDown) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  EXPECT_EQ(world.at(k_eu).state, "down: path to eu/agent-1 down: 3 hellos missed");
  EXPECT_FALSE(world.at(k_eu).reachable);
  EXPECT_TRUE(world.at(k_eu).left);
  EXPECT_FALSE(world.at(k_ap).left);
  ASSERT_EQ(world.seen("failover.started"), 1);
  EXPECT_EQ(world.events.back().region, k_eu);
  EXPECT_EQ(world.events.back().trigger, FailoverTrigger::path);
}

TEST(Failover, ComesBackAfterTheHoldAndRampsUp) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  world.pass(seconds(30));
  world.path(agent_in(k_eu), true);
  EXPECT_EQ(world.at(k_eu).state, "held away");
  world.pass(milliseconds(4900));
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  world.pass(milliseconds(1100));
  EXPECT_EQ(world.weights(), (Weights{130, 20, 100}));
  EXPECT_EQ(world.at(k_eu).state, "ramping 20 %");
  EXPECT_TRUE(world.at(k_eu).left);
  world.pass(milliseconds(2500));
  EXPECT_EQ(world.weights(), (Weights{130, 70, 100}));
  world.pass(milliseconds(2000));
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
  EXPECT_EQ(world.seen("failover.ended"), 1);
  EXPECT_FALSE(world.at(k_eu).left);
}

TEST(Failover, RampsWithoutAStepBack) {
  World world;
  world.start();
  world.path(agent_in(k_ap), false);
  world.path(agent_in(k_ap), true);
  double last = 0;
  for (int n = 0; n < 1100; ++n) {
    world.pass(milliseconds(10));
    ASSERT_GE(world.at(k_ap).weight, last);
    last = world.at(k_ap).weight;
  }
  EXPECT_EQ(last, 100);
}

TEST(Failover, CountsTheHoldFromTheLastTrouble) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  for (int n = 0; n < 10; ++n) {
    world.path(agent_in(k_eu), true);
    world.pass(seconds(4));
    world.path(agent_in(k_eu), false);
    EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  }
  EXPECT_EQ(world.seen("failover.started"), 1);
}

TEST(Failover, HoldsLongerEachTimeARegionFailsSoonAfterItsReturn) {
  World world;
  world.start();
  std::vector<int> holds;
  for (int flap = 0; flap < 5; ++flap) {
    world.path(agent_in(k_eu), false);
    world.path(agent_in(k_eu), true);
    int waited = 0;
    while (world.at(k_eu).state == "held away" && waited < 100) {
      world.pass(seconds(1));
      ++waited;
    }
    holds.push_back(waited);
  }
  EXPECT_EQ(holds, (std::vector<int>{5, 10, 20, 40, 40}));
}

TEST(Failover, ShrinksTheWeightWithTheHealthyShare) {
  World world;
  world.start();
  world.servers(k_eu, 0.5);
  EXPECT_EQ(world.weights(), (Weights{130, 50, 100}));
  EXPECT_EQ(world.at(k_eu).state, "spilling 50 %");
  world.servers(k_eu, 1.0);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
  EXPECT_TRUE(world.events.empty());
}

TEST(Failover, SpillsOnlyBelowTheLimit) {
  World world;
  world.rules().spill_below = Ratio(0.5);
  world.start();
  world.servers(k_eu, 0.6);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
  world.servers(k_eu, 0.25);
  EXPECT_EQ(world.weights(), (Weights{130, 50, 100}));
}

TEST(Failover, LeavesARegionWhoseServersAreDead) {
  World world;
  world.rules().healthy_share_below = Ratio(0.3);
  world.start();
  world.servers(k_eu, 0.25);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  EXPECT_EQ(world.at(k_eu).state, "down: 25 % of the servers healthy");
  EXPECT_TRUE(world.at(k_eu).reachable);
}

TEST(Failover, LeavesItsOwnRegionWhenItsServersAreDead) {
  World world;
  world.start();
  world.local(0, 2);
  EXPECT_EQ(world.weights(), (Weights{0, 100, 100}));
  EXPECT_TRUE(world.at(k_us).reachable);
  EXPECT_TRUE(world.at(k_us).own);
}

TEST(Failover, CountsTheServersOfAllAgentsOfARegion) {
  World world;
  world.revision.peers.push_back(peer_in(k_eu, 2));
  world.start();
  world.servers(k_eu, 1.0, 2, 1);
  world.servers(k_eu, 0.0, 2, 2);
  EXPECT_EQ(world.weights(), (Weights{130, 50, 100}));
  EXPECT_TRUE(world.at(k_eu).doors.at(0).serves);
  EXPECT_FALSE(world.at(k_eu).doors.at(1).serves);
  // The path to the healthy half breaks: the region is reachable but has nothing to serve with.
  world.path(agent_in(k_eu, 1), false);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  EXPECT_TRUE(world.at(k_eu).reachable);
}

TEST(Failover, KeepsARegionWhileAnyPathToItIsUp) {
  World world;
  world.revision.peers.push_back(peer_in(k_eu, 2));
  world.start();
  world.path(agent_in(k_eu, 1), false);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
  EXPECT_FALSE(world.at(k_eu).doors.at(0).up);
  EXPECT_TRUE(world.at(k_eu).doors.at(1).up);
}

TEST(Failover, KeepsTheLastWordOfAnAgentThatFellSilent) {
  World world;
  world.start();
  world.servers(k_eu, 0.5);
  world.machine.on_agent_health(agent_in(k_eu), {}, world.now);
  world.pass(seconds(60));
  EXPECT_EQ(world.weights(), (Weights{130, 50, 100}));
}

TEST(Failover, PrefersAFreshWordToASilentAgents) {
  World world;
  world.revision.peers.push_back(peer_in(k_eu, 2));
  world.start();
  world.servers(k_eu, 0.0, 4, 1);
  world.servers(k_eu, 1.0, 4, 2);
  world.pass(seconds(20));
  world.machine.on_agent_health(agent_in(k_eu, 1), {}, world.now);
  world.pass(seconds(20));
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
}

TEST(Failover, TakesAServiceAnAgentDoesNotNameAsWithoutServers) {
  World world;
  world.start();
  const RegionHealth other{ServiceName("shop/other"), k_eu, agent_in(k_eu), Ratio(1), 2};
  world.machine.on_agent_health(agent_in(k_eu), {&other, 1}, world.now);
  world.look();
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
}

TEST(Failover, LeavesARegionWhoseRequestsFail) {
  World world;
  world.rules().error_share_above = Ratio(0.5);
  world.start();
  world.results(k_eu, 19, 19);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100})) << "too few to say";
  world.results(k_eu, 11, 0);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  EXPECT_EQ(world.events.back().message, "63 % of the requests failed");
  EXPECT_EQ(world.events.back().trigger, FailoverTrigger::errors);
  world.pass(milliseconds(4900));
  EXPECT_EQ(world.weights(), (Weights{130, 0, 100}));
  world.pass(milliseconds(5200));
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100})) << "the old errors are forgotten";
}

TEST(Failover, ForgetsErrorsOlderThanTheWindow) {
  World world;
  world.rules().error_share_above = Ratio(0.5);
  world.start();
  world.results(k_eu, 15, 15);
  world.pass(milliseconds(2500));
  world.results(k_eu, 15, 9);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
}

TEST(Failover, TakesWeightInProportionFromARegionNearItsLimit) {
  World world;
  world.rules().max_in_flight = 100;
  world.start();
  world.results(k_eu, 0, 0, 90);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
  world.results(k_eu, 0, 0, 100);
  EXPECT_EQ(world.weights(), (Weights{130, 95, 100}));
  EXPECT_EQ(world.at(k_eu).state, "spilling 5 %");
  world.results(k_eu, 0, 0, 360);
  EXPECT_EQ(world.weights(), (Weights{130, 47, 100}));
  for (int n = 0; n < 8; ++n) world.results(k_eu, 0, 0, 10);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100})) << "no hold: nothing was broken";
  EXPECT_TRUE(world.events.empty());
}

TEST(Failover, NeverClosesARegionForItsLoad) {
  World world;
  world.rules().max_in_flight = 10;
  world.start();
  for (int n = 0; n < 100; ++n) world.results(k_eu, 0, 0, 1000);
  EXPECT_GT(world.at(k_eu).weight, 0);
  EXPECT_TRUE(world.events.empty());
}

TEST(Failover, KeepsTheProportionsWhenEveryRegionIsAtItsLimit) {
  World world;
  world.rules().max_in_flight = 10;
  world.start();
  for (int n = 0; n < 100; ++n) {
    for (const RegionName& region : {k_us, k_eu, k_ap}) world.results(region, 0, 0, 10);
  }
  const auto all = world.at(k_us).weight + world.at(k_eu).weight + world.at(k_ap).weight;
  EXPECT_NEAR(world.at(k_us).weight / all, 130.0 / 330, 0.001);
  EXPECT_NEAR(world.at(k_eu).weight / all, 100.0 / 330, 0.001);
}

TEST(Failover, UsesTheNextTierWhenTheFirstIsGone) {
  World world;
  world.rules().tiers = {{k_us, k_eu}, {k_ap}};
  world.start();
  EXPECT_EQ(world.weights(), (Weights{130, 100, 0}));
  EXPECT_EQ(world.at(k_ap).state, "standby");
  world.local(0, 2);
  EXPECT_EQ(world.weights(), (Weights{0, 100, 0}));
  world.path(agent_in(k_eu), false);
  EXPECT_EQ(world.weights(), (Weights{0, 0, 100}));
  EXPECT_EQ(world.at(k_ap).state, "active");
}

TEST(Failover, TriesEverythingPermittedWhenNothingWorks) {
  World world;
  world.plan().guards.residency = {k_us, k_eu};
  world.plan().weights = {{k_us, 130}, {k_eu, 100}, {k_ap, 0}};
  world.start();
  world.local(0, 2);
  world.path(agent_in(k_eu), false);
  EXPECT_TRUE(world.table->services.front()->panic);
  ASSERT_EQ(world.table->services.front()->destinations.size(), 2U);
  EXPECT_EQ(world.at(k_us).weight, 130);
  EXPECT_EQ(world.at(k_eu).weight, 100);
  EXPECT_EQ(world.seen("failover.panic"), 1);
  world.path(agent_in(k_eu), true);
  EXPECT_FALSE(world.table->services.front()->panic);
  EXPECT_EQ(world.at(k_us).weight, 0);
  EXPECT_GT(world.at(k_eu).weight, 0) << "the only one that works is not held away";
}

TEST(Failover, SuspectsItselfWhenItSeesNobody) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  EXPECT_EQ(world.seen("agent.isolated"), 0);
  world.path(agent_in(k_ap), false);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 0})) << "serves on locally";
  EXPECT_EQ(world.seen("agent.isolated"), 1);
  world.path(agent_in(k_ap), true);
  EXPECT_EQ(world.seen("agent.rejoined"), 1);
}

TEST(Failover, HoldsNobodyAwayForHavingBeenCutOffItself) {
  World world;
  world.start();
  for (int blip = 0; blip < 5; ++blip) {
    world.path(agent_in(k_eu), false);
    world.pass(milliseconds(100));
    world.path(agent_in(k_ap), false);
    world.pass(seconds(2));
    EXPECT_EQ(world.weights(), (Weights{130, 0, 0}));
    world.path(agent_in(k_eu), true);
    EXPECT_EQ(world.weights(), (Weights{130, 100, 0})) << "blip " << blip;
    world.pass(milliseconds(700));
    world.path(agent_in(k_ap), true);
    EXPECT_EQ(world.weights(), (Weights{130, 100, 100})) << "blip " << blip;
    world.pass(seconds(1));
  }
}

TEST(Failover, RampsWithoutHoldAfterItWasCutOffForLong) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  world.path(agent_in(k_ap), false);
  world.pass(seconds(60));
  world.path(agent_in(k_eu), true);
  world.path(agent_in(k_ap), true);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 0}));
  world.pass(milliseconds(2500));
  EXPECT_EQ(world.weights(), (Weights{130, 50, 50}));
}

TEST(Failover, HoldsAwayWhatWasLostLongBeforeItWasCutOff) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  world.pass(seconds(10));
  world.path(agent_in(k_ap), false);
  world.pass(seconds(1));
  world.path(agent_in(k_eu), true);
  world.path(agent_in(k_ap), true);
  EXPECT_EQ(world.seen("agent.isolated"), 1);
  EXPECT_EQ(world.weights(), (Weights{130, 0, 0})) << "one path alone proves nothing";
}

TEST(Failover, StartsAtHomeAndTakesEachRegionInAsSoonAsItsPathIsUp) {
  World world;
  world.apply();
  world.look();
  EXPECT_EQ(world.weights(), (Weights{130, 0, 0}));
  EXPECT_EQ(world.seen("agent.isolated"), 0) << "not heard of yet is not gone";
  world.path(agent_in(k_eu), true);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 0}));
  EXPECT_TRUE(world.events.empty());
}

TEST(Failover, IsNotHeldAwayByServersThatNeverWorkedBefore) {
  World world;
  world.apply();
  world.local(0, 2);
  world.path(agent_in(k_eu), true);
  EXPECT_EQ(world.weights(), (Weights{0, 100, 0}));
  world.local(2, 2);
  EXPECT_EQ(world.weights(), (Weights{130, 100, 0}));
}

TEST(Failover, KeepsItsOwnFindingsThroughANewRevision) {
  World world;
  world.start();
  world.path(agent_in(k_eu), false);
  world.plan().weights = {{k_us, 100}, {k_eu, 300}, {k_ap, 100}};
  world.apply();
  world.look();
  EXPECT_EQ(world.weights(), (Weights{100, 0, 100}));
}

TEST(Failover, KeepsTheRulesInForceWhenARevisionIsBroken) {
  World world;
  world.start();
  Revision broken = world.revision;
  broken.services.front().weights = {{k_us, 0}, {k_eu, 0}};
  const Status applied = world.machine.apply(broken, world.now);
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().message().find("no destination has a weight above 0"),
            std::string::npos);
  world.look();
  EXPECT_EQ(world.weights(), (Weights{130, 100, 100}));
}

TEST(Failover, TakesALargeChangeOfWeightsInSteps) {
  World world;
  world.plan().weights = {{k_us, 100}, {k_eu, 100}, {k_ap, 100}};
  world.plan().guards.max_step = Ratio(0.2);
  world.start();
  world.plan().weights = {{k_us, 10000}, {k_eu, 0}, {k_ap, 0}};
  world.apply();
  world.look();
  const auto share = [&world] {
    double sum = 0;
    for (const double weight : world.table->services.front()->weights) sum += weight;
    return world.at(k_us).weight / sum;
  };
  EXPECT_NEAR(share(), 0.533, 0.01);
  world.pass(seconds(10));
  EXPECT_NEAR(share(), 1.0, 0.01);
}

/// us alone has the weight by a policy's wish; 130:100:100 is configured.
World steered() {
  World world;
  world.plan().weights = {{k_us, 10000}, {k_eu, 0}, {k_ap, 0}};
  world.plan().configured = {{k_us, 130}, {k_eu, 100}, {k_ap, 100}};
  world.plan().weights_ttl = seconds(60);
  return world;
}

double share_of_us(World& world) {
  double sum = 0;
  for (const double weight : world.table->services.front()->weights) sum += weight;
  return world.at(k_us).weight / sum;
}

TEST(Failover, LetsAWishFadeWithoutAControllerAndTakesItUpAgain) {
  World world = steered();
  world.start();
  world.machine.on_controller(true, world.now);
  world.pass(seconds(1000));
  EXPECT_EQ(share_of_us(world), 1) << "the controller is there";
  world.machine.on_controller(false, world.now);
  world.pass(seconds(59));
  EXPECT_EQ(share_of_us(world), 1);
  world.pass(seconds(2));
  EXPECT_LT(share_of_us(world), 1);
  EXPECT_GT(share_of_us(world), 0.75) << "a tenth of a share a second";
  world.pass(seconds(10));
  EXPECT_NEAR(share_of_us(world), 130.0 / 330, 0.001);
  world.machine.on_controller(true, world.now);
  world.look();
  EXPECT_EQ(share_of_us(world), 1);
}

TEST(Failover, LetsAWishFadeThatItStartedWithWithoutAController) {
  World world = steered();
  world.start();
  world.pass(seconds(80));
  EXPECT_NEAR(share_of_us(world), 130.0 / 330, 0.001);
}

TEST(Failover, HoldsWeightsWithoutATimeToLiveForEver) {
  World world = steered();
  world.plan().weights_ttl = seconds(0);
  world.start();
  world.machine.on_controller(false, world.now);
  world.pass(std::chrono::hours(100));
  EXPECT_EQ(share_of_us(world), 1);
}

TEST(Failover, PublishesNothingWhenNothingChanges) {
  World world;
  world.start();
  const auto before = world.table;
  world.servers(k_eu, 1.0);
  world.results(k_eu, 100, 0);
  world.pass(seconds(100));
  EXPECT_EQ(world.table, before);
}

TEST(Failover, HoldsItsPromisesWhateverHappens) {
  Rng rng(4711);
  for (int round = 0; round < 60; ++round) {
    World world;
    world.revision.peers.push_back(peer_in(k_eu, 2));
    const bool resident = rng.chance(0.5);
    if (resident) {
      world.plan().guards.residency = {k_us, k_eu};
      world.plan().weights = {{k_us, 100}, {k_eu, 50}, {k_ap, 0}};
    }
    if (rng.chance(0.5)) world.rules().tiers = {{k_us}, {k_eu, k_ap}};
    world.rules().error_share_above = Ratio(rng.unit());
    world.rules().max_in_flight = static_cast<std::uint32_t>(rng.below(50));
    world.apply();
    world.look();
    const std::vector<RegionName> regions = {k_us, k_eu, k_ap};
    for (int step = 0; step < 150; ++step) {
      const RegionName region = regions[rng.below(3)];
      const int agent = region == k_eu ? 1 + static_cast<int>(rng.below(2)) : 1;
      switch (rng.below(5)) {
        case 0:
          world.path(agent_in(region, agent), rng.chance(0.5));
          break;
        case 1:
          world.servers(region, rng.unit() * 2 - 0.5, static_cast<std::uint32_t>(rng.below(4)),
                        agent);
          break;
        case 2:
          world.local(static_cast<int>(rng.below(3)), 2);
          break;
        case 3:
          world.results(region, rng.below(100), rng.below(100),
                        static_cast<std::uint32_t>(rng.below(60)));
          break;
        default:
          world.pass(milliseconds(rng.below(8000)));
      }
      const ServiceRoutes& routes = *world.table->services.front();
      double sum = 0;
      for (std::size_t i = 0; i < routes.weights.size(); ++i) {
        ASSERT_TRUE(std::isfinite(routes.weights[i]) && routes.weights[i] >= 0);
        ASSERT_EQ(routes.weights[i], routes.destinations[i].weight);
        ASSERT_FALSE(resident && routes.destinations[i].region == k_ap) << "residency";
        ASSERT_TRUE(!routes.destinations[i].own || routes.destinations[i].reachable);
        ASSERT_TRUE(routes.panic || routes.weights[i] == 0 || routes.destinations[i].reachable);
        sum += routes.weights[i];
      }
      ASSERT_GT(sum, 0) << "round " << round << " step " << step;
    }
  }
}

}  // namespace
}  // namespace weir::agent
