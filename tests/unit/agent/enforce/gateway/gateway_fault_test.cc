// What the gateway does when a client, a server or this machine itself fails in the middle.

#include <gtest/gtest.h>

#include <future>

#include "tests/unit/agent/enforce/gateway/node.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view k_get = "GET / HTTP/1.1\r\nHost: s\r\n\r\n";
constexpr std::string_view k_post = "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nhi";
constexpr std::string_view k_switch =
    "GET /ws HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
constexpr std::string_view k_switched =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nopen";

bool comes(std::future<void> what) {
  return what.wait_for(seconds(4)) == std::future_status::ready;
}

/// The connection takes a few KB that its server does not read: most of the body is still to be
/// written when the answer comes.
TEST(GatewayFault, NoRequestFollowsABodyThatIsStillBeingWritten) {
  ServicePlan plan = Node::http_plan();
  plan.request_timeout = milliseconds(2000);
  for (std::size_t size = 16 * 1024; size < 64 * 1024; size += 8 * 1024) {
    char chunk[16];
    std::snprintf(chunk, sizeof(chunk), "%zx\r\n", size);
    const std::string body = chunk + std::string(size, 'b') + "\r\n0\r\n\r\n";
    std::promise<void> given;
    std::promise<void> next;
    Endpoint server_at;
    ScriptedServer server(
        [&](Wire& wire) {
          narrow_senders_to(server_at);
          if (wire.read_head().starts_with("POST")) {
            given.get_future().wait();
            wire.write(answer_with("first"));
            next.get_future().wait();
            const std::string received = wire.read_exactly(body.size());
            if (received.empty()) return;  // given up before all of it came
            EXPECT_TRUE(received == body) << "something else stands at " << received.find("GET");
            if (!wire.read_head().starts_with("GET")) return;
          }
          wire.write(answer_with("second"));
          wire.at_end();
        },
        "127.0.0.1", true);
    server_at = server.endpoint();
    Node us("us", plan);
    us.server(server.endpoint()).to("us", 100).start();
    Wire one = us.connect();
    // A large head makes large pieces of the body.
    const std::string large(9000, 'h');
    one.write("POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\nA: " + large +
              "\r\nB: " + large + "\r\n\r\n" + body);
    for (int n = 0; n < 20; ++n) us.settle();
    given.set_value();
    EXPECT_EQ(body_of(one.read_message()), "first");
    Wire other = us.connect();
    other.write(k_get);
    us.settle();
    next.set_value();
    EXPECT_EQ(body_of(other.read_message()), "second") << "after a body of " << size << " bytes";
  }
}

TEST(GatewayFault, WhatThisMachineLacksIsNoServersFault) {
  // No route leads there, as no port is left or no descriptor elsewhere.
  const Endpoint nowhere{IpAddress::parse("127.255.255.255").value(), 80};
  for (const ServicePlan& plan : {Node::http_plan(), Node::tcp_plan()}) {
    Node us("us", plan);
    us.server(nowhere).to("us", 100).start();
    Wire wire = us.connect();
    wire.write("GET / HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n");
    wire.read_to_end();
    EXPECT_TRUE(us.signals().empty());
    const DestinationTraffic traffic = us.traffic("us");
    EXPECT_GE(traffic.started, 1U);
    EXPECT_EQ(traffic.errors, 0U);
  }
}

/// Three regions with three servers each, all of which die of any request.
TEST(GatewayFault, ARequestThatBringsDownItsServerVisitsTwoAtMost) {
  std::atomic<int> visits = 0;
  const auto dies = [&visits](Wire& wire) {
    if (!wire.read_message().empty()) ++visits;
    wire.reset();
  };
  std::vector<std::unique_ptr<ScriptedServer>> servers;
  const auto add_three = [&](Node& node) {
    for (int n = 0; n < 3; ++n) {
      servers.push_back(std::make_unique<ScriptedServer>(dies));
      node.server(servers.back()->endpoint());
    }
  };
  for (const double home : {0.0, 1e6}) {
    Node eu("eu");
    add_three(eu);
    eu.start("127.0.0.2");
    Node ap("ap");
    add_three(ap);
    ap.start("127.0.0.3", eu.gateway().ingress()->port);
    Node us("us");
    add_three(us);
    us.to("us", home).to("eu", 100, &eu).to("ap", 100, &ap).start();
    visits = 0;
    EXPECT_EQ(status_of(us.ask(k_get)), 502);
    EXPECT_EQ(visits, 2) << "begun at " << (home > 0 ? "home" : "an ingress");
    visits = 0;
    EXPECT_EQ(status_of(us.ask(k_post)), 502);
    EXPECT_EQ(visits, 1);
  }
}

TEST(GatewayFault, RetriesStayWithinTheirBudgetWhenEverythingFails) {
  std::atomic<int> visits = 0;
  const auto dies = [&visits](Wire& wire) {
    if (!wire.read_message().empty()) ++visits;
  };
  ScriptedServer one(dies);
  ScriptedServer other(dies);
  Node us("us");
  us.server(one.endpoint()).server(other.endpoint()).to("us", 100).start();
  for (int n = 0; n < 100; ++n) us.ask(k_get);
  EXPECT_GE(visits, 110);
  EXPECT_LE(visits, 130) << "10 and a fifth";
}

TEST(GatewayFault, ACutAnswerDoesNotPassForAWholeOne) {
  for (const char* head :
       {"HTTP/1.0 200 OK\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"}) {
    std::promise<void> seen;
    ScriptedServer server([&](Wire& wire) {
      wire.read_message();
      wire.write(head);
      seen.get_future().wait();
      wire.reset();
    });
    Node eu("eu");
    eu.server(server.endpoint()).start("127.0.0.2");
    Node us("us");
    us.to("eu", 100, &eu).start();
    Wire wire = us.connect();
    wire.write(k_get);
    wire.read_head();
    EXPECT_EQ(wire.read_exactly(4), "half");
    seen.set_value();
    EXPECT_TRUE(wire.ends_in_a_reset()) << head;
    EXPECT_EQ(us.traffic("eu").ok, 0U);
  }
}

TEST(GatewayFault, AnAnswerCutByTheStopEndsInAReset) {
  ScriptedServer server([](Wire& wire) {
    wire.read_message();
    wire.write("HTTP/1.0 200 OK\r\n\r\nhalf");
    wire.at_end();
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_get);
  wire.read_head();
  EXPECT_EQ(wire.read_exactly(4), "half");
  us.stop(milliseconds(20));
  EXPECT_TRUE(wire.ends_in_a_reset());
}

TEST(GatewayFault, AnOpenTunnelEndsWithItsPath) {
  std::promise<void> ended;
  ScriptedServer server([&](Wire& wire) {
    wire.read_head();
    wire.write(k_switched);
    if (wire.at_end()) ended.set_value();
  });
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  Wire wire = us.connect();
  wire.write(k_switch);
  EXPECT_EQ(status_of(wire.read_head()), 101);
  EXPECT_EQ(wire.read_exactly(4), "open");
  DestinationTraffic traffic = us.traffic("eu");
  EXPECT_EQ(traffic.ok, 1U) << "open is good";
  EXPECT_EQ(traffic.in_flight, 1U);
  us.set_path("eu", false);
  EXPECT_TRUE(wire.ends_in_a_reset());
  EXPECT_TRUE(comes(ended.get_future()));
  traffic = us.traffic("eu");
  EXPECT_EQ(traffic.errors, 1U);
  EXPECT_EQ(traffic.in_flight, 0U);
}

TEST(GatewayFault, AnOpenTunnelOutlivesItsServersHealth) {
  ScriptedServer server([](Wire& wire) {
    wire.read_head();
    wire.write(k_switched);
    wire.write(wire.read_exactly(5));
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_switch);
  wire.read_head();
  EXPECT_EQ(wire.read_exactly(4), "open");
  us.set_healthy(server.endpoint(), false);
  wire.write("still");
  EXPECT_EQ(wire.read_exactly(5), "still");
}

TEST(GatewayFault, KeptConnectionsEndWithWhatTheyLedThrough) {
  std::promise<void> ended;
  ScriptedServer server([&](Wire& wire) {
    wire.read_message();
    wire.write(answer_with("once"));
    if (wire.at_end()) ended.set_value();
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  EXPECT_EQ(body_of(us.ask(k_get)), "once");
  us.set_healthy(server.endpoint(), false);
  EXPECT_TRUE(comes(ended.get_future()));
}

/// A server that starts again without a word leaves every kept connection dead.
TEST(GatewayFault, OneDeadKeptConnectionSpeaksForAllOfThem) {
  std::promise<void> both;
  const std::shared_future<void> both_here = both.get_future().share();
  std::atomic<int> here = 0;
  ScriptedServer server([&](Wire& wire) {
    wire.read_message();
    const bool old = ++here <= 2;
    if (here == 2) both.set_value();
    if (old) both_here.wait();
    wire.write(answer_with("alive"));
    while (!wire.read_message().empty()) {
      if (old) return wire.reset();
      wire.write(answer_with("alive"));
    }
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  {
    Wire one = us.connect();
    Wire other = us.connect();
    one.write(k_get);
    other.write(k_get);
    EXPECT_EQ(body_of(one.read_message()), "alive");
    EXPECT_EQ(body_of(other.read_message()), "alive");
  }
  EXPECT_EQ(status_of(us.ask(k_post)), 502) << "it may have been processed";
  EXPECT_EQ(status_of(us.ask(k_post)), 200);
}

TEST(GatewayFault, AnInterimAnswerDoesNotStandInTheWayOfTheError) {
  ScriptedServer server([](Wire& wire) {
    wire.read_message();
    wire.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    wire.at_end();
  });
  ServicePlan plan = Node::http_plan();
  plan.request_timeout = milliseconds(150);
  Node us("us", plan);
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_get);
  EXPECT_EQ(status_of(wire.read_head()), 103);
  EXPECT_EQ(status_of(wire.read_message()), 504);
}

TEST(GatewayFault, NobodyWorksForAClientThatHasGone) {
  std::promise<void> asked;
  std::promise<void> left;
  ScriptedServer server([&](Wire& wire) {
    wire.read_message();
    asked.set_value();
    if (wire.at_end()) left.set_value();
  });
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  Wire wire = us.connect();
  wire.write(k_get);
  ASSERT_TRUE(comes(asked.get_future()));
  wire.reset();
  EXPECT_TRUE(comes(left.get_future()));
  EXPECT_EQ(us.traffic("eu").errors, 0U);
}

TEST(GatewayFault, AClientThatHasOnlyStoppedToSendIsServed) {
  std::promise<void> asked;
  std::promise<void> closed;
  ScriptedServer server([&](Wire& wire) {
    wire.read_message();
    asked.set_value();
    closed.get_future().wait();
    wire.write(answer_with("served"));
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_get);
  ASSERT_TRUE(comes(asked.get_future()));
  wire.half_close();
  us.settle();
  closed.set_value();
  EXPECT_EQ(body_of(wire.read_message()), "served");
}

TEST(GatewayFault, TheLifeOfARelayIsNoLatency) {
  ScriptedServer server([](Wire& wire) {
    wire.write("open");
    wire.read_to_end();
  });
  ServicePlan plan = Node::tcp_plan();
  plan.objective = milliseconds(250);
  Node us("us", plan);
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  EXPECT_EQ(wire.read_exactly(4), "open");
  DestinationTraffic traffic = us.traffic("us");
  EXPECT_EQ(traffic.ok, 1U);
  EXPECT_EQ(traffic.latency.total(), 1U);
  EXPECT_EQ(traffic.in_flight, 1U);
  wire.half_close();
  wire.read_to_end();
  traffic = us.traffic("us");
  EXPECT_EQ(traffic.ok, 0U);
  EXPECT_EQ(traffic.latency.total(), 0U);
  EXPECT_EQ(traffic.in_flight, 0U);
}

TEST(GatewayFault, ARequestThatAnIngressRefusesIsNotTheRegionsFault) {
  ScriptedServer ingress([](Wire& wire) {
    wire.read_message();  // the preamble stands before the head
    wire.write(
        "HTTP/1.1 431 Too Large\r\nweir-refused: too-many-fields\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n");
  });
  ScriptedServer good(answers("never asked"));
  Node us("us");
  us.server(good.endpoint()).to_door("eu", 1e6, ingress.endpoint()).to("us", 1).start();
  EXPECT_EQ(status_of(us.ask(k_get)), 431);
  EXPECT_EQ(good.connections(), 0);
  const DestinationTraffic traffic = us.traffic("eu");
  EXPECT_EQ(traffic.started, 1U);
  EXPECT_EQ(traffic.errors + traffic.retried, 0U);
}

TEST(GatewayFault, ALimitOfRequestsInFlightHoldsForAllWorkersTogether) {
  std::atomic<int> asked = 0;
  const auto silent = [&asked](Wire& wire) {
    wire.read_message();
    ++asked;
    wire.at_end();
  };
  ScriptedServer here(silent);
  ScriptedServer there(silent);
  ServicePlan plan = Node::http_plan();
  plan.failover.max_in_flight = 4;
  Node eu("eu", plan);
  eu.server(there.endpoint()).start("127.0.0.2");
  Node us("us", plan, 4);
  us.server(here.endpoint()).to("us", 1e6).to("eu", 1, &eu).start();
  std::vector<Wire> clients;
  for (int n = 1; n <= 8; ++n) {
    clients.push_back(us.connect());
    clients.back().write(k_get);
    while (asked < n) us.settle();
  }
  us.settle();
  for (const DestinationTraffic& row : us.gateway().collect().destinations) {
    EXPECT_EQ(row.in_flight, 4U) << row.region.value();
  }
  EXPECT_EQ(us.gateway().collect().endpoints.at(0).in_flight, 4U);
}

TEST(GatewayFault, ABusyPortKeepsNoOtherServiceAway) {
  Node us("us");
  us.start();
  auto holder = std::make_unique<ScriptedServer>(answers(""));
  std::vector<ServicePlan> plans = {Node::http_plan(), us.plan_copy(), Node::http_plan()};
  plans[0].service = ServiceName("shop/a-taken");
  plans[0].listen_port = holder->endpoint().port;
  plans[2].service = ServiceName("shop/z-free");
  EXPECT_FALSE(us.gateway().set_services(plans));
  EXPECT_EQ(us.gateway().listeners_missing(), 1U);
  EXPECT_TRUE(us.gateway().listener(plans[2].service).has_value());
  EXPECT_FALSE(us.gateway().open_listeners());
  holder.reset();
  EXPECT_TRUE(us.gateway().open_listeners());
  EXPECT_EQ(us.gateway().listeners_missing(), 0U);
  EXPECT_TRUE(us.gateway().listener(plans[0].service).has_value());
}

}  // namespace
}  // namespace weir::agent
