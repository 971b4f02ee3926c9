#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "agent/enforce/gateway/proxy_v2.h"
#include "tests/unit/agent/enforce/gateway/node.h"

namespace weir::agent {
namespace {

/// Sends back everything at the end of the stream, with a greeting before.
ScriptedServer::Script echoes_at_the_end(std::string greeting = "") {
  return [greeting](Wire& wire) {
    wire.write(greeting);
    wire.write(wire.read_to_end());
  };
}

TEST(GatewayTcp, RelaysWithHalfClose) {
  ScriptedServer server(echoes_at_the_end());
  Node us("us", Node::tcp_plan());
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("one two three");
  wire.half_close();
  EXPECT_EQ(wire.read_to_end(), "one two three");
  EXPECT_EQ(us.traffic("us").ok, 1U);
}

TEST(GatewayTcp, RelaysThroughTheIngressWhoeverSpeaksFirst) {
  ScriptedServer server(echoes_at_the_end("220 ready\r\n"));
  Node eu("eu", Node::tcp_plan());
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us", Node::tcp_plan());
  us.to("eu", 100, &eu).start();
  Wire wire = us.connect();
  EXPECT_EQ(wire.read_exactly(11), "220 ready\r\n");
  std::string large(2'000'000, 'x');
  std::thread writer([&] {
    wire.write(large);
    wire.half_close();
  });
  writer.join();
  EXPECT_EQ(wire.read_to_end(), large);
}

TEST(GatewayTcp, TriesElsewhereWhenTheServerThereRefuses) {
  ScriptedServer good(echoes_at_the_end("good"));
  Node eu("eu", Node::tcp_plan());
  eu.server(closed_port()).start("127.0.0.2");
  Node ap("ap", Node::tcp_plan());
  ap.server(good.endpoint()).start("127.0.0.3", eu.gateway().ingress()->port);
  Node us("us", Node::tcp_plan());
  us.to("eu", 1000, &eu).to("ap", 1, &ap).start();
  Wire wire = us.connect();
  wire.write("sent before anybody took it");
  EXPECT_EQ(wire.read_exactly(4), "good");
  wire.half_close();
  EXPECT_EQ(wire.read_to_end(), "sent before anybody took it");
  EXPECT_EQ(us.traffic("eu").retried, 1U);
}

TEST(GatewayTcp, ResetsTheClientWhenNobodyTakesIt) {
  Node us("us", Node::tcp_plan());
  us.server(closed_port()).to("us", 100).start();
  Wire wire = us.connect();
  EXPECT_TRUE(wire.at_end());
}

TEST(GatewayTcp, ResetsAConnectionWhosePathIsLost) {
  ScriptedServer server([](Wire& wire) {
    wire.write("hello");
    wire.at_end();
  });
  Node eu("eu", Node::tcp_plan());
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us", Node::tcp_plan());
  us.to("eu", 100, &eu).start();
  Wire wire = us.connect();
  EXPECT_EQ(wire.read_exactly(5), "hello");
  us.set_path("eu", false);
  EXPECT_TRUE(wire.at_end());
}

TEST(GatewayTcp, KeepsAConnectionWhoseServerIsMarkedDown) {
  ScriptedServer server(echoes_at_the_end("hello"));
  Node us("us", Node::tcp_plan());
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  EXPECT_EQ(wire.read_exactly(5), "hello");
  us.set_healthy(server.endpoint(), false);
  wire.write("still");
  wire.half_close();
  EXPECT_EQ(wire.read_to_end(), "still");
}

TEST(GatewayTcp, KeepsTheClientsAddressForServersThatAskForProxyV2) {
  ScriptedServer server([](Wire& wire) {
    const std::string bytes = wire.read_exactly(28);
    const auto parsed = parse_proxy_v2(as_bytes(bytes));
    ASSERT_TRUE(parsed && *parsed);
    wire.write((*parsed)->preamble.source.to_string());
  });
  ServicePlan plan = Node::tcp_plan();
  plan.proxy_protocol = true;
  Node eu("eu", plan);
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us", plan);
  us.to("eu", 100, &eu).start();
  Wire wire = us.connect();
  const std::string seen = wire.read_to_end();
  EXPECT_TRUE(seen.starts_with("127.0.0.1:")) << seen;
}

TEST(GatewayTcp, AnIngressConfirmsOnceThoughItsServersComeAndGo) {
  ScriptedServer one([](Wire& wire) { wire.read_to_end(); });
  ScriptedServer other([](Wire& wire) { wire.read_to_end(); });
  Node eu("eu", Node::tcp_plan());
  eu.server(one.endpoint()).server(other.endpoint()).start("127.0.0.2");
  ProxyPreamble preamble;
  preamble.source = preamble.destination = one.endpoint();
  preamble.service = Node::web().value();
  std::string hello;
  write_proxy_v2(preamble, hello);
  std::atomic<bool> done = false;
  std::thread changes([&] {
    for (bool up = false; !done; up = !up) eu.set_healthy(one.endpoint(), up);
  });
  for (int n = 0; n < 300; ++n) {
    Wire wire = Wire::connect(*eu.gateway().ingress());
    wire.write(hello);
    const std::string first = wire.read_exactly(1);
    EXPECT_TRUE(first == "\x06" || first.empty());
    wire.half_close();
    EXPECT_EQ(wire.read_to_end(), "");
  }
  done = true;
  changes.join();
}

TEST(GatewayTcp, AnIngressHangsUpOnStrangers) {
  Node eu("eu", Node::tcp_plan());
  eu.start("127.0.0.2");
  Wire wire = Wire::connect(*eu.gateway().ingress());
  wire.write("GET / HTTP/1.1\r\nHost: s\r\n\r\n");
  EXPECT_TRUE(wire.at_end());
  eu.settle();
  EXPECT_EQ(eu.gateway().collect().bad_requests, 1U);
}

}  // namespace
}  // namespace weir::agent
