#include <gtest/gtest.h>

#include <future>

#include "agent/enforce/gateway/http1_head.h"
#include "agent/enforce/gateway/proxy_v2.h"
#include "tests/unit/agent/enforce/gateway/node.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;

/// Answers with the request itself, head and body.
ScriptedServer::Script echoes() {
  return [](Wire& wire) {
    while (true) {
      const std::string request = wire.read_message();
      if (request.empty()) return;
      wire.write(answer_with(request));
    }
  };
}

TEST(GatewayHttp, SendsARequestToAServerOfItsOwnRegion) {
  ScriptedServer server(answers("hello"));
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  const std::string answer = us.get();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "hello");
}

TEST(GatewayHttp, SendsARequestThroughTheIngressOfAnotherRegion) {
  ScriptedServer server(answers("from eu"));
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  for (int n = 0; n < 3; ++n) EXPECT_EQ(body_of(us.get()), "from eu");
  EXPECT_EQ(server.connections(), 1) << "the ingress keeps its connection";
}

TEST(GatewayHttp, ServesRequestAfterRequestOnOneConnection) {
  ScriptedServer server(answers("again"));
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  for (int n = 0; n < 20; ++n) {
    wire.write("GET /" + std::to_string(n) + " HTTP/1.1\r\nHost: shop\r\n\r\n");
    EXPECT_EQ(body_of(wire.read_message()), "again");
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(us.traffic("us").ok, 20U);
}

TEST(GatewayHttp, AnswersPipelinedRequestsInTheirOrder) {
  ScriptedServer server(echoes());
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  std::string all;
  for (int n = 0; n < 10; ++n) {
    all += "PUT /" + std::to_string(n) + " HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc";
  }
  wire.write(all);
  for (int n = 0; n < 10; ++n) {
    const std::string body = body_of(wire.read_message());
    EXPECT_TRUE(body.starts_with("PUT /" + std::to_string(n) + " ")) << body;
    EXPECT_TRUE(body.ends_with("abc"));
  }
}

TEST(GatewayHttp, TellsTheServerWhoTheClientIs) {
  ScriptedServer server(echoes());
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  const std::string seen =
      body_of(us.ask("GET / HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"));
  EXPECT_NE(seen.find("X-Forwarded-For: 192.0.2.7, 127.0.0.1\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("127.0.0.1, "), std::string::npos) << "the ingress adds nothing: " << seen;
}

TEST(GatewayHttp, KeepsTheClientsAddressForServersThatAskForProxyV2) {
  std::mutex mu;
  std::vector<Endpoint> sources;
  ScriptedServer server([&](Wire& wire) {
    std::string bytes = wire.read_exactly(16 + 12);
    const auto parsed = parse_proxy_v2(as_bytes(bytes));
    ASSERT_TRUE(parsed && *parsed);
    {
      const std::lock_guard lock(mu);
      sources.push_back((*parsed)->preamble.source);
    }
    answers("ok")(wire);
  });
  ServicePlan plan = Node::http_plan();
  plan.proxy_protocol = true;
  Node eu("eu", plan);
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us", plan);
  us.to("eu", 100, &eu).start();
  Wire one = us.connect();
  Wire other = us.connect();
  for (Wire* wire : {&one, &other}) {
    wire->write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    EXPECT_EQ(body_of(wire->read_message()), "ok");
  }
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].address.to_string(), "127.0.0.1");
  EXPECT_NE(sources[0].port, sources[1].port);
  EXPECT_NE(sources[0].port, 0);
}

TEST(GatewayHttp, KeepsAConnectionThatNamesTheClientForItsNextRequests) {
  ScriptedServer server([](Wire& wire) {
    wire.read_exactly(16 + 12);  // the preamble, once
    answers("ok")(wire);
  });
  ServicePlan plan = Node::http_plan();
  plan.proxy_protocol = true;
  Node eu("eu", plan);
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us", plan);
  us.to("eu", 100, &eu).start();
  for (int client = 1; client <= 2; ++client) {
    Wire wire = us.connect();
    for (int n = 0; n < 5; ++n) {
      wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
      EXPECT_EQ(body_of(wire.read_message()), "ok");
    }
    EXPECT_EQ(server.connections(), client) << "never shared with another client";
  }
}

TEST(GatewayHttp, SendsTheLargestHeadItTakesToAnotherRegionToo) {
  ScriptedServer server(answers("ok"));
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  std::string head = "GET / HTTP/1.1\r\nHost:s\r\n";
  for (std::size_t n = 1; n < k_head_limits.fields; ++n) {
    head += "X" + std::to_string(n) + ":" + std::string(400, 'v') + "\r\n";
  }
  EXPECT_EQ(status_of(us.ask(head + "\r\n")), 200);
  EXPECT_EQ(status_of(us.ask(head + "Y:1\r\n\r\n")), 431) << "one more is too many";
}

TEST(GatewayHttp, DropsWhatConcernsOneConnectionOnly) {
  ScriptedServer server(echoes());
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  const std::string seen =
      body_of(us.ask("GET / HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive, X-Hop\r\nX-Hop: "
                     "1\r\nKeep-Alive: 5\r\n"
                     "TE: trailers\r\nX-End: 2\r\n\r\n"));
  for (const char* gone : {"Connection", "X-Hop", "Keep-Alive", "TE:"}) {
    EXPECT_EQ(seen.find(gone), std::string::npos) << gone << " in " << seen;
  }
  EXPECT_NE(seen.find("X-End: 2\r\n"), std::string::npos);
}

TEST(GatewayHttp, PassesALargeBodyBothWaysUnharmed) {
  ScriptedServer server(echoes());
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  std::string body;
  while (body.size() < 3'000'000) body += "0123456789abcdef" + std::to_string(body.size());
  const std::string answer =
      us.ask("POST /up HTTP/1.1\r\nHost: shop\r\nContent-Length: " + std::to_string(body.size()) +
             "\r\n\r\n" + body);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_TRUE(answer.ends_with(body));
}

TEST(GatewayHttp, PassesChunksAndTrailers) {
  const std::string chunks = "5;note=x\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n";
  ScriptedServer server([&chunks](Wire& wire) {
    const std::string head = wire.read_head();
    const std::string body = wire.read_exactly(chunks.size());
    EXPECT_EQ(body, chunks);
    wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
    EXPECT_TRUE(wire.at_end());
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
  EXPECT_EQ(status_of(wire.read_head()), 200);
  EXPECT_EQ(wire.read_exactly(chunks.size()), chunks);
}

TEST(GatewayHttp, PassesAnAnswerThatEndsWithTheConnection) {
  ScriptedServer server([](Wire& wire) {
    wire.read_head();
    wire.write("HTTP/1.0 200 OK\r\n\r\nall there is");
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  const std::string answer = wire.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "all there is");
}

TEST(GatewayHttp, AnswersHeadWithoutABody) {
  ScriptedServer server(answers("not shown"));
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  for (int n = 0; n < 2; ++n) {
    wire.write("HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n");
    EXPECT_NE(wire.read_head().find("Content-Length: 9\r\n"), std::string::npos);
  }
}

TEST(GatewayHttp, ServesAnHttp10ClientAndCloses) {
  ScriptedServer server(answers("old"));
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("GET / HTTP/1.0\r\n\r\n");
  const std::string answer = wire.read_to_end();
  EXPECT_EQ(body_of(answer), "old");
}

TEST(GatewayHttp, LetsTheServerInviteTheBody) {
  ScriptedServer server([](Wire& wire) {
    EXPECT_NE(wire.read_head().find("Expect: 100-continue"), std::string::npos);
    wire.write("HTTP/1.1 100 Continue\r\n\r\n");
    wire.write(answer_with(wire.read_exactly(5)));
    wire.at_end();
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("POST / HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(status_of(wire.read_head()), 100);
  wire.write("hello");
  EXPECT_EQ(body_of(wire.read_message()), "hello");
}

TEST(GatewayHttp, InvitesABodyItKeepsForARetryByItself) {
  ScriptedServer server([](Wire& wire) {
    const std::string request = wire.read_message();
    EXPECT_EQ(request.find("Expect"), std::string::npos);
    wire.write(answer_with(body_of(request)));
    wire.at_end();
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("PUT / HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(status_of(wire.read_head()), 100);
  wire.write("hello");
  EXPECT_EQ(body_of(wire.read_message()), "hello");
}

TEST(GatewayHttp, PassesAnEarlyAnswerAndClosesInsteadOfReadingTheRest) {
  ScriptedServer server([](Wire& wire) {
    wire.read_head();
    wire.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    wire.at_end();
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 1000000\r\n\r\npart");
  const std::string answer = wire.read_head();
  EXPECT_EQ(status_of(answer), 413);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(wire.at_end());
}

TEST(GatewayHttp, BecomesATunnelWhenTheServerSwitchesProtocols) {
  ScriptedServer server([](Wire& wire) {
    const std::string head = wire.read_head();
    EXPECT_NE(head.find("Upgrade: websocket\r\nConnection: upgrade\r\n"), std::string::npos);
    wire.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "\r\nfirst");
    EXPECT_EQ(wire.read_exactly(4), "ping");
    wire.write("pong");
    EXPECT_TRUE(wire.at_end());
  });
  Node eu("eu");
  eu.server(server.endpoint()).start("127.0.0.2");
  Node us("us");
  us.to("eu", 100, &eu).start();
  Wire wire = us.connect();
  wire.write("GET /ws HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(status_of(wire.read_head()), 101);
  EXPECT_EQ(wire.read_exactly(5), "first");
  wire.write("ping");
  EXPECT_EQ(wire.read_exactly(4), "pong");
  wire.half_close();
  EXPECT_TRUE(wire.at_end());
}

struct BadCase {
  const char* name;
  const char* request;
  int status;
  const char* reason;
};
class GatewayHttpRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(GatewayHttpRefuses, WithoutAskingAnyServer) {
  ScriptedServer server(answers("never"));
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(GetParam().request);
  const std::string answer = wire.read_to_end();
  EXPECT_EQ(status_of(answer), GetParam().status);
  EXPECT_NE(answer.find("weir-error: " + std::string(GetParam().reason) + "\r\n"),
            std::string::npos)
      << answer;
  EXPECT_EQ(server.connections(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GatewayHttpRefuses,
    testing::Values(
        BadCase{"Connect", "CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n", 400, "target"},
        BadCase{"ConnectByPath", "CONNECT / HTTP/1.1\r\nHost: shop\r\n\r\n", 405, "connect"},
        BadCase{"Garbage", "\x16\x03\x01\r\n\r\n", 400, "request-line"},
        BadCase{"LengthAndCoding",
                "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 4\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n",
                400, "length-and-coding"},
        BadCase{"BareLineFeed", "GET / HTTP/1.1\nHost: s\n\n", 400, "bare-line-feed"},
        BadCase{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400, "host"}),
    [](const auto& row) { return row.param.name; });

TEST(GatewayHttp, RefusesABrokenChunkInTheMiddleOfARequest) {
  ScriptedServer server([](Wire& wire) { wire.read_to_end(); });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write(
      "POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(status_of(wire.read_to_end()), 400);
}

TEST(GatewayHttp, EndsARequestWithoutAnswerInTime) {
  ScriptedServer server([](Wire& wire) { wire.read_to_end(); });
  ServicePlan plan = Node::http_plan();
  plan.request_timeout = milliseconds(150);
  Node us("us", plan);
  us.server(server.endpoint()).to("us", 100).start();
  const std::string answer = us.get();
  EXPECT_EQ(status_of(answer), 504);
  EXPECT_NE(answer.find("weir-error: timeout"), std::string::npos);
  EXPECT_EQ(us.traffic("us").timeouts, 1U);
}

TEST(GatewayHttp, OpensAndClosesListenersWithoutTouchingOthers) {
  ScriptedServer server(answers("kept"));
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  ServicePlan more = Node::http_plan();
  more.service = ServiceName("shop/more");
  const std::vector<ServicePlan> both = {us.plan_copy(), more};
  const Endpoint before = us.listener();
  ASSERT_TRUE(us.gateway().set_services(both));
  EXPECT_EQ(us.listener(), before);
  EXPECT_TRUE(us.gateway().listener(more.service).has_value());
  wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  EXPECT_EQ(body_of(wire.read_message()), "kept");
  ASSERT_TRUE(us.gateway().set_services({&more, 1}));
  EXPECT_FALSE(us.gateway().listener(Node::web()).has_value());
  wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  const std::string last = wire.read_message();
  EXPECT_EQ(body_of(last), "kept") << "an accepted connection is served once more";
  EXPECT_NE(last.find("Connection: close"), std::string::npos);
}

TEST(GatewayHttp, SaysWhichPortIsTaken) {
  Node us("us");
  us.start();
  ServicePlan taken = Node::http_plan();
  ScriptedServer other(answers(""));
  taken.service = ServiceName("shop/taken");
  taken.listen_port = other.endpoint().port;
  const std::vector<ServicePlan> both = {us.plan_copy(), taken};
  const Status status = us.gateway().set_services(both);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message().find("service shop/taken: cannot listen on 127.0.0.1:"),
            std::string::npos)
      << status.error().message();
}

TEST(GatewayHttp, FinishesWhatIsUnderWayWhenStopped) {
  std::promise<void> asked;
  std::promise<void> release;
  ScriptedServer server([&](Wire& wire) {
    wire.read_head();
    asked.set_value();
    release.get_future().wait();
    wire.write(answer_with("finished"));
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire idle = us.connect();
  Wire wire = us.connect();
  wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  asked.get_future().wait();
  std::thread stopping([&us] { us.stop(std::chrono::seconds(10)); });
  EXPECT_TRUE(idle.at_end());
  release.set_value();
  const std::string answer = wire.read_message();
  EXPECT_EQ(body_of(answer), "finished");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  stopping.join();
}

TEST(GatewayHttp, CutsWhatDoesNotEndInTimeWhenStopped) {
  std::promise<void> asked;
  ScriptedServer server([&](Wire& wire) {
    wire.read_head();
    asked.set_value();
    wire.at_end();
  });
  Node us("us");
  us.server(server.endpoint()).to("us", 100).start();
  Wire wire = us.connect();
  wire.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  asked.get_future().wait();
  us.stop(milliseconds(50));
  EXPECT_TRUE(wire.at_end());
}

}  // namespace
}  // namespace weir::agent
