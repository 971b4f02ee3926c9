#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/unit/agent/enforce/gateway/node.h"

namespace weir::agent {
namespace {

struct Shares {
  const char* name;
  double us;
  double eu;
  double ap;
  unsigned workers;
};

class GatewayWeights : public testing::TestWithParam<Shares> {};

/// 3000 requests, a few connections, one after the other.
TEST_P(GatewayWeights, AreObeyedToHalfAPoint) {
  ScriptedServer in_us(answers("us"));
  ScriptedServer in_eu(answers("eu"));
  ScriptedServer in_ap(answers("ap"));
  Node eu("eu");
  eu.server(in_eu.endpoint()).start("127.0.0.2");
  Node ap("ap");
  ap.server(in_ap.endpoint()).start("127.0.0.3", eu.gateway().ingress()->port);
  Node us("us", Node::http_plan(), GetParam().workers);
  us.server(in_us.endpoint())
      .to("us", GetParam().us)
      .to("eu", GetParam().eu, &eu)
      .to("ap", GetParam().ap, &ap)
      .start();
  std::vector<Wire> clients;
  for (int n = 0; n < 6; ++n) clients.push_back(us.connect());
  std::map<std::string, int> counts;
  for (int n = 0; n < 3000; ++n) {
    Wire& wire = clients[static_cast<std::size_t>(n) % clients.size()];
    ASSERT_TRUE(wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n"));
    ++counts[body_of(wire.read_message())];
  }
  const double sum = GetParam().us + GetParam().eu + GetParam().ap;
  EXPECT_NEAR(counts["us"] / 30.0, GetParam().us / sum * 100, 0.5);
  EXPECT_NEAR(counts["eu"] / 30.0, GetParam().eu / sum * 100, 0.5);
  EXPECT_NEAR(counts["ap"] / 30.0, GetParam().ap / sum * 100, 0.5);
  std::uint64_t started = 0;
  us.settle();
  for (const DestinationTraffic& row : us.gateway().collect().destinations) {
    EXPECT_EQ(row.started, static_cast<std::uint64_t>(counts[row.region.value()]));
    EXPECT_EQ(row.latency.total(), row.ok);
    EXPECT_EQ(row.within_objective, row.ok);
    EXPECT_EQ(row.in_flight, 0U);
    started += row.started;
  }
  EXPECT_EQ(started, 3000U);
}

INSTANTIATE_TEST_SUITE_P(Table, GatewayWeights,
                         testing::Values(Shares{"Nearby", 130, 100, 100, 1},
                                         Shares{"TwoWorkers", 130, 100, 100, 2},
                                         Shares{"OnePercent", 1, 49, 50, 1},
                                         Shares{"OneClosed", 0, 30, 70, 1}),
                         [](const auto& row) { return row.param.name; });

TEST(GatewayWeights, HoldForFirstChoicesAlsoWhenEachFailureIsRetried) {
  ScriptedServer in_us(answers("us"));
  ScriptedServer in_eu(answers("eu"));
  Node eu("eu");
  eu.server(in_eu.endpoint()).start("127.0.0.2");
  Node ap("ap");
  ap.start("127.0.0.3", eu.gateway().ingress()->port);
  Node us("us");
  us.server(in_us.endpoint()).to("us", 100).to("eu", 100, &eu).to("ap", 100, &ap).start();
  Wire wire = us.connect();
  for (int n = 0; n < 1500; ++n) {
    ASSERT_TRUE(wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n"));
    ASSERT_EQ(status_of(wire.read_message()), 200);
  }
  us.settle();
  std::map<std::string, double> started;
  for (const DestinationTraffic& row : us.gateway().collect().destinations) {
    started[row.region.value()] = static_cast<double>(row.started);
  }
  EXPECT_NEAR(started["ap"], 500, 8);
  EXPECT_NEAR(started["us"], 750, 12);
  EXPECT_NEAR(started["eu"], 750, 12);
}

TEST(GatewayWeights, ChangeWithTheTableAtOnce) {
  ScriptedServer in_us(answers("us"));
  ScriptedServer in_eu(answers("eu"));
  Node eu("eu");
  eu.server(in_eu.endpoint()).start("127.0.0.2");
  Node us("us");
  us.server(in_us.endpoint()).to("us", 100).to("eu", 0, &eu).start();
  Wire wire = us.connect();
  const auto ask = [&wire] {
    wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    return body_of(wire.read_message());
  };
  for (int n = 0; n < 20; ++n) EXPECT_EQ(ask(), "us");
  us.set_weight("us", 0);
  us.set_weight("eu", 100);
  for (int n = 0; n < 20; ++n) EXPECT_EQ(ask(), "eu");
}

TEST(GatewayWeights, BalanceTheServersOfARegionByWhatIsInFlight) {
  ScriptedServer slow([](Wire& wire) {
    wire.read_head();
    wire.at_end();  // never answers: its requests stay in flight
  });
  ScriptedServer quick(answers("quick"));
  Node us("us");
  us.server(slow.endpoint()).server(quick.endpoint()).to("us", 100).start();
  std::vector<Wire> stuck;
  int answered = 0;
  for (int n = 0; n < 50; ++n) {
    Wire wire = us.connect();
    wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    us.settle();
    if (slow.connections() > static_cast<int>(stuck.size())) {
      stuck.push_back(std::move(wire));
      continue;
    }
    answered += body_of(wire.read_message()) == "quick";
  }
  EXPECT_GE(answered, 45) << "with two servers the less busy one is always taken";
}

}  // namespace
}  // namespace weir::agent
