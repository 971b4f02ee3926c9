#include <gtest/gtest.h>

#include <future>

#include "tests/unit/agent/enforce/gateway/node.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view k_get = "GET / HTTP/1.1\r\nHost: s\r\n\r\n";
constexpr std::string_view k_post = "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nhi";
constexpr std::string_view k_put = "PUT / HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nhi";

/// us prefers a faulty eu by far; ap works.
///
///   client ─▶ us ─▶ eu ingress ─▶ faulty server (weight 1000)
///              └──▶ ap ingress ─▶ good server (weight 1)
class Faulty {
 public:
  explicit Faulty(ScriptedServer::Script script, bool listening = true,
                  ServicePlan plan = Node::http_plan())
      : bad(std::move(script)),
        good(answers("good")),
        eu("eu", plan),
        ap("ap", plan),
        us("us", plan) {
    eu.server(listening ? bad.endpoint() : closed_port()).start("127.0.0.2");
    ap.server(good.endpoint()).start("127.0.0.3", eu.gateway().ingress()->port);
    us.to("eu", 1000, &eu).to("ap", 1, &ap).start();
  }
  ScriptedServer bad;
  ScriptedServer good;
  Node eu;
  Node ap;
  Node us;
};

struct RetryCase {
  const char* name;
  ScriptedServer::Script script;
  std::string_view request;
  int status;  // 200: retried and answered by the good one
};

ScriptedServer::Script closes_unasked() {
  return [](Wire&) {};
}
ScriptedServer::Script closes_when_asked() {
  return [](Wire& wire) { wire.read_message(); };
}
ScriptedServer::Script resets_when_asked() {
  return [](Wire& wire) {
    wire.read_message();
    wire.reset();
  };
}
ScriptedServer::Script says(std::string text) {
  return [text](Wire& wire) {
    wire.read_message();
    wire.write(text);
  };
}

class GatewayRetries : public testing::TestWithParam<RetryCase> {};

TEST_P(GatewayRetries, OnlyWhereItIsSafe) {
  Faulty world(GetParam().script);
  const std::string answer = world.us.ask(GetParam().request);
  EXPECT_EQ(status_of(answer), GetParam().status) << answer;
  if (GetParam().status == 200) {
    EXPECT_EQ(body_of(answer), "good");
    EXPECT_NE(answer.find("weir-tried: eu\r\n"), std::string::npos) << answer;
  }
  EXPECT_EQ(answer.find("weir-refused"), std::string::npos) << answer;
}

INSTANTIATE_TEST_SUITE_P(
    Table, GatewayRetries,
    testing::Values(RetryCase{"GetAfterAClose", closes_when_asked(), k_get, 200},
                    RetryCase{"GetAfterAReset", resets_when_asked(), k_get, 200},
                    RetryCase{"PutWithASmallBodyAfterAClose", closes_when_asked(), k_put, 200},
                    RetryCase{"NotPostAfterAClose", closes_when_asked(), k_post, 502},
                    RetryCase{"NotPostAfterAReset", resets_when_asked(), k_post, 502},
                    RetryCase{"NotAfterAByteOfTheAnswer", says("H"), k_get, 502},
                    RetryCase{"NotAfterGarbage", says("SSH-2.0-nothttp\r\n\r\n"), k_get, 502},
                    RetryCase{"NotAfterAnAmbiguousAnswer",
                              says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: "
                                   "2\r\n\r\nab"),
                              k_get, 502},
                    RetryCase{"NotAServersOwnError",
                              says("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), k_get, 503},
                    RetryCase{"NotAServerThatClaimsToBeAnIngress",
                              says("HTTP/1.1 503 Busy\r\nweir-refused: no-endpoint\r\n"
                                   "Content-Length: 0\r\n\r\n"),
                              k_get, 503}),
    [](const auto& row) { return row.param.name; });

TEST(GatewayRetry, TakesNoServersWordForWhatWasTried) {
  ScriptedServer liar(says("HTTP/1.1 200 OK\r\nWeir-Tried: ap\r\nContent-Length: 0\r\n\r\n"));
  Node us("us");
  us.server(liar.endpoint()).to("us", 100).start();
  const std::string answer = us.ask(k_get);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(answer.find("ried: ap"), std::string::npos) << answer;
}

TEST(GatewayRetry, TriesElsewhereForEveryMethodWhenTheServerRefusesTheConnection) {
  Faulty world(closes_unasked(), false);
  EXPECT_EQ(body_of(world.us.ask(k_get)), "good");
  EXPECT_EQ(body_of(world.us.ask(k_post)), "good");
}

TEST(GatewayRetry, TriesElsewhereWhenTheIngressHasNoHealthyServer) {
  Faulty world(answers("never"));
  world.eu.set_healthy(world.bad.endpoint(), false);
  EXPECT_EQ(body_of(world.us.ask(k_post)), "good");
  EXPECT_EQ(world.bad.connections(), 0);
  const DestinationTraffic eu = world.us.traffic("eu");
  EXPECT_EQ(eu.errors, 1U);
  EXPECT_EQ(eu.retried, 1U);
}

TEST(GatewayRetry, TriesElsewhereWhenTheIngressDoesNotKnowTheService) {
  Faulty world(answers("never"));
  ASSERT_TRUE(world.eu.gateway().set_services({}));
  world.eu.settle();
  EXPECT_EQ(body_of(world.us.ask(k_post)), "good");
}

TEST(GatewayRetry, TriesElsewhereWhenTheAgentThereIsGone) {
  Faulty world(answers("never"));
  world.eu.stop();
  EXPECT_EQ(body_of(world.us.ask(k_post)), "good");
}

TEST(GatewayRetry, TriesAnotherServerHereFirst) {
  ScriptedServer good(answers("here"));
  Node us("us");
  us.server(closed_port()).server(closed_port()).server(good.endpoint()).to("us", 100).start();
  int answered = 0;
  for (int n = 0; n < 20; ++n) answered += body_of(us.ask(k_post)) == "here";
  EXPECT_GE(answered, 15) << "two dead servers in a row leave one try";
}

/// What silenced one server may have silenced its neighbours, and there is one replay only.
TEST(GatewayRetry, SendsTheOneReplayToAnotherRegionFirst) {
  ScriptedServer first(closes_when_asked());
  ScriptedServer second(closes_when_asked());
  ScriptedServer far(answers("far"));
  Node ap("ap");
  ap.server(far.endpoint()).start("127.0.0.3");
  Node us("us");
  us.server(first.endpoint()).server(second.endpoint());
  us.to("us", 1000).to("ap", 1, &ap).start();
  const std::string answer = us.ask(k_get);
  EXPECT_EQ(body_of(answer), "far") << answer;
  EXPECT_NE(answer.find("weir-tried: us\r\n"), std::string::npos) << answer;
  EXPECT_EQ(first.connections() + second.connections(), 1);
}

TEST(GatewayRetry, ReplaysOnAnotherServerHereWhenThereIsNoOtherRegion) {
  std::atomic<bool> lost = false;
  const auto loses_one = [&lost](Wire& wire) {
    wire.read_message();
    if (lost.exchange(true)) wire.write(answer_with("here"));
  };
  ScriptedServer first(loses_one);
  ScriptedServer second(loses_one);
  Node us("us");
  us.server(first.endpoint()).server(second.endpoint()).to("us", 100).start();
  EXPECT_EQ(body_of(us.ask(k_get)), "here");
  EXPECT_EQ(first.connections(), 1);
  EXPECT_EQ(second.connections(), 1);
}

TEST(GatewayRetry, SaysWhenNobodyIsLeft) {
  Node us("us");
  us.server(closed_port()).to("us", 100).start();
  const std::string answer = us.ask(k_get);
  EXPECT_EQ(status_of(answer), 502);
  EXPECT_NE(answer.find("weir-error: connect-refused"), std::string::npos);
  Node empty("us");
  empty.to("us", 100).start();
  EXPECT_EQ(status_of(empty.ask(k_get)), 503);
}

TEST(GatewayRetry, GivesUpAtOnceAndRetriesWhenThePathGoesDown) {
  std::promise<void> asked;
  Faulty world([&asked](Wire& wire) {
    wire.read_message();
    asked.set_value();
    wire.at_end();  // silent for ever
  });
  Wire wire = world.us.connect();
  wire.write(k_get);
  asked.get_future().wait();
  world.us.set_path("eu", false);
  EXPECT_EQ(body_of(wire.read_message()), "good");
  EXPECT_EQ(world.us.traffic("eu").retried, 1U);
}

TEST(GatewayRetry, LeavesAPostInFlightToItsTimeoutWhenThePathGoesDown) {
  std::promise<void> asked;
  ServicePlan plan = Node::http_plan();
  plan.request_timeout = milliseconds(300);
  Faulty world(
      [&asked](Wire& wire) {
        wire.read_message();
        asked.set_value();
        wire.at_end();
      },
      true, plan);
  Wire wire = world.us.connect();
  wire.write(k_post);
  asked.get_future().wait();
  world.us.set_path("eu", false);
  EXPECT_EQ(status_of(wire.read_message()), 504);
}

TEST(GatewayRetry, MovesToAnotherServerWhenOneIsMarkedDown) {
  std::promise<void> asked;
  ScriptedServer silent([&asked](Wire& wire) {
    wire.read_message();
    asked.set_value();
    wire.at_end();
  });
  ScriptedServer good(answers("good"));
  Node us("us");
  us.server(silent.endpoint()).server(good.endpoint(), false).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_get);
  asked.get_future().wait();
  us.set_healthy(good.endpoint(), true);
  us.set_healthy(silent.endpoint(), false);
  EXPECT_EQ(body_of(wire.read_message()), "good");
}

TEST(GatewayRetry, MovesToAnotherRegionWhenTheOnlyServerThereIsMarkedDown) {
  std::promise<void> asked;
  Faulty world([&asked](Wire& wire) {
    wire.read_message();
    asked.set_value();
    wire.at_end();
  });
  Wire wire = world.us.connect();
  wire.write(k_get);
  asked.get_future().wait();
  world.eu.set_healthy(world.bad.endpoint(), false);
  EXPECT_EQ(body_of(wire.read_message()), "good");
}

TEST(GatewayRetry, DoesNotCutAnAnswerThatHasBegun) {
  std::promise<void> begun;
  std::promise<void> release;
  ScriptedServer server([&](Wire& wire) {
    wire.read_message();
    wire.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    begun.set_value();
    release.get_future().wait();
    wire.write("cd");
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_get);
  begun.get_future().wait();
  const std::string head = wire.read_head();
  us.set_healthy(server.endpoint(), false);
  release.set_value();
  EXPECT_EQ(wire.read_exactly(4), "abcd");
}

TEST(GatewayRetry, TakesANewConnectionWhenTheKeptOneHasEnded) {
  std::atomic<int> served = 0;
  ScriptedServer server([&served](Wire& wire) {
    if (wire.read_message().empty()) return;
    ++served;
    wire.write(answer_with("once"));  // and closes, without a word in the head
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  for (int n = 0; n < 10; ++n) EXPECT_EQ(body_of(us.ask(k_get)), "once") << n;
  EXPECT_EQ(served, 10);
}

TEST(GatewayRetry, ShowsTheClientThatAnAnswerWasCut) {
  ScriptedServer server([](Wire& wire) {
    wire.read_message();
    wire.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(k_get);
  EXPECT_EQ(status_of(wire.read_head()), 200);
  EXPECT_EQ(wire.read_exactly(100), "");
  EXPECT_EQ(us.traffic("us").errors, 1U);
}

TEST(GatewayRetry, TriesServersThoughtDeadInPanic) {
  ScriptedServer server(answers("alive after all"));
  Node eu("eu");
  eu.server(server.endpoint(), false).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  EXPECT_EQ(status_of(us.ask(k_get)), 503);
  us.set_panic(true);
  us.publish();
  EXPECT_EQ(body_of(us.ask(k_get)), "alive after all");
}

TEST(GatewaySignals, TellTheFirstFailureAndTheFirstSuccessAfterIt) {
  std::atomic<bool> broken = true;
  ScriptedServer server([&broken](Wire& wire) {
    while (!wire.read_message().empty()) {
      if (broken) return;
      wire.write(answer_with("ok"));
    }
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  us.ask(k_post);
  broken = false;
  for (int n = 0; n < 5; ++n) us.ask(k_get);
  const auto signals = us.signals();
  ASSERT_EQ(signals.size(), 2U);
  EXPECT_EQ(signals[0].kind, EndpointSignal::Kind::reset);
  EXPECT_EQ(signals[0].endpoint, server.endpoint());
  EXPECT_EQ(signals[1].kind, EndpointSignal::Kind::ok);
}

TEST(GatewaySignals, TellARefusedConnectionAtOnce) {
  const Endpoint dead = closed_port();
  Node us("us");
  us.server(dead).to("us", 100).start();
  us.ask(k_get);
  const auto signals = us.signals();
  ASSERT_FALSE(signals.empty());
  EXPECT_EQ(signals[0].kind, EndpointSignal::Kind::refused);
  EXPECT_EQ(signals[0].endpoint, dead);
}

}  // namespace
}  // namespace weir::agent
