#include "agent/enforce/enforcer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "common/async/task_group.h"
#include "tests/doubles/sim_clock.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

const RegionName k_us("us");
const RegionName k_eu("eu");
const AgentId k_eu_agent("eu/agent-1");

Revision two_regions() {
  Revision revision;
  revision.self = {AgentId("us/agent-1"), k_us, ClusterName("c"), IpAddress::v4(0x0a5a0001U),
                   IpPrefix::parse("10.90.0.0/16").value()};
  MeshPeer peer;
  peer.agent = k_eu_agent;
  peer.region = k_eu;
  peer.cluster = ClusterName("c");
  peer.overlay = IpAddress::v4(0x0a5a0002U);
  revision.peers = {peer};
  ServicePlan plan;
  plan.service = ServiceName("shop/web");
  plan.listen_port = 8080;
  plan.weights = {{k_us, 100}, {k_eu, 100}};
  revision.services = {plan};
  return revision;
}

double weight_of_eu(const Enforcer& enforcer) {
  return enforcer.table().load()->services.front()->weights.front();
}

TEST(Enforcer, PublishesADecisionBeforeTheCallReturns) {
  asio::io_context context;
  SimClock clock(context);
  int tables = 0;
  std::vector<FailoverEvent> events;
  Enforcer enforcer(
      clock, [&tables](const RoutingTable&) { ++tables; },
      [&events](const FailoverEvent& event) { events.push_back(event); });
  ASSERT_TRUE(enforcer.apply(two_regions()));
  enforcer.on_path({k_eu_agent, k_eu, true, ""});
  EXPECT_EQ(weight_of_eu(enforcer), 100);
  const int before = tables;
  enforcer.on_path({k_eu_agent, k_eu, false, "3 hellos missed"});
  EXPECT_EQ(weight_of_eu(enforcer), 0);
  EXPECT_EQ(tables, before + 1);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().type, "failover.started");
}

TEST(Enforcer, DrivesHoldAndRampByItsClock) {
  asio::io_context context;
  SimClock clock(context);
  TaskGroup tasks(context.get_executor());
  Enforcer enforcer(clock, {}, {});
  tasks.spawn("enforcer", enforcer.run());
  ASSERT_TRUE(enforcer.apply(two_regions()));
  enforcer.on_path({k_eu_agent, k_eu, true, ""});
  enforcer.on_path({k_eu_agent, k_eu, false, ""});
  enforcer.on_path({k_eu_agent, k_eu, true, ""});
  clock.advance(milliseconds(4900));
  EXPECT_EQ(weight_of_eu(enforcer), 0);
  clock.advance(milliseconds(2600));
  EXPECT_NEAR(weight_of_eu(enforcer), 50, 3);
  clock.advance(seconds(3));
  EXPECT_EQ(weight_of_eu(enforcer), 100);
  tasks.stop();
  clock.advance(milliseconds(0));
  EXPECT_EQ(tasks.size(), 0U);
}

}  // namespace
}  // namespace weir::agent
