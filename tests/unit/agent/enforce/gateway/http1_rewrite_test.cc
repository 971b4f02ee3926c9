#include "agent/enforce/gateway/http1_rewrite.h"

#include <gtest/gtest.h>

namespace weir::agent {
namespace {

std::string rewritten(const std::string& bytes, const RequestRewrite& rewrite) {
  RequestHead head;
  EXPECT_FALSE(parse_request(bytes, head));
  std::string out;
  write_request(head, rewrite, out);
  return out;
}

TEST(Http1Rewrite, PassesOnWhatIsNotOfThisConnection) {
  EXPECT_EQ(rewritten("GET /a HTTP/1.1\r\nHost: s\r\nKeep-Alive: 5\r\nX-A: 1\r\nTE: trailers\r\n"
                      "Proxy-Connection: x\r\nUpgrade: h2c\r\n\r\n",
                      {}),
            "GET /a HTTP/1.1\r\nHost: s\r\nX-A: 1\r\n\r\n");
}

TEST(Http1Rewrite, DropsWhatConnectionNamesButNeverTheFraming) {
  EXPECT_EQ(rewritten("POST / HTTP/1.1\r\nHost: s\r\nConnection: X-A, content-length, Host\r\n"
                      "X-A: 1\r\nContent-Length: 3\r\n\r\n",
                      {}),
            "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 3\r\n\r\n");
}

TEST(Http1Rewrite, AppendsTheClientToAllItWasToldBefore) {
  RequestRewrite rewrite;
  rewrite.client = "192.0.2.9";
  EXPECT_EQ(rewritten("GET / HTTP/1.1\r\nHost: s\r\nX-Forwarded-For: 10.0.0.1\r\nX-A: 1\r\n"
                      "x-forwarded-for: 10.0.0.2\r\n\r\n",
                      rewrite),
            "GET / HTTP/1.1\r\nHost: s\r\nX-A: 1\r\nX-Forwarded-For: 10.0.0.1\r\n"
            "X-Forwarded-For: 10.0.0.2, 192.0.2.9\r\n\r\n");
}

TEST(Http1Rewrite, TakesNoRefusalFromAServerOrAClient) {
  EXPECT_EQ(rewritten("GET / HTTP/1.1\r\nHost: s\r\nWeir-Refused: x\r\n\r\n", {}),
            "GET / HTTP/1.1\r\nHost: s\r\n\r\n");
  ResponseHead head;
  ASSERT_FALSE(parse_response(
      "HTTP/1.1 503 Busy\r\nWeir-Refused: x\r\nweir-error: y\r\nContent-Length: 0\r\n\r\n", "GET",
      head));
  std::string out;
  write_response(head, {}, out);
  EXPECT_EQ(out, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
}

TEST(Http1Rewrite, AnswersErrorsThatParseAgain) {
  for (const int status : {400, 405, 408, 414, 417, 431, 501, 502, 503, 504, 505}) {
    std::string out;
    write_error(status, "some-reason", true, true, out);
    HeadScanner scanner;
    ASSERT_EQ(scanner.scan(out), HeadProgress::complete);
    ResponseHead head;
    ASSERT_FALSE(parse_response(std::string_view(out).substr(0, scanner.size()), "GET", head));
    EXPECT_EQ(head.status, status);
    EXPECT_EQ(head.find("weir-refused"), "some-reason");
    EXPECT_EQ(head.framing.length, out.size() - scanner.size());
    EXPECT_FALSE(head.keep_alive);
  }
}

TEST(Http1Rewrite, KnowsWhichMethodsMayBeRepeated) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
    EXPECT_TRUE(is_idempotent(method));
  }
  for (const char* method : {"POST", "PATCH", "get", "", "PUTS"}) {
    EXPECT_FALSE(is_idempotent(method));
  }
}

TEST(Http1Rewrite, TakesAnUnknownRefusalForPerhapsDone) {
  EXPECT_EQ(find_refusal(503, "no-endpoint").progress, Progress::untouched);
  EXPECT_EQ(find_refusal(502, "bad-answer").progress, Progress::answered);
  EXPECT_EQ(find_refusal(502, "something-new").progress, Progress::perhaps_done);
}

TEST(Http1Rewrite, KnowsWhenTheRequestItselfWasRefused) {
  for (const int status : {400, 405, 414, 417, 431, 501, 505}) {
    EXPECT_EQ(find_refusal(status, "whatever").progress, Progress::refused) << status;
  }
}

/// What a client may send at most still fits after the gateway has added its own words.
TEST(Http1Rewrite, KeepsTheLargestHeadWithinWhatAnotherAgentTakes) {
  std::string head = "GET / HTTP/1.1\r\nHost:s\r\n";
  head += "X-Forwarded-For:" + std::string(k_head_limits.line - 16, 'f') + "\r\n";
  for (std::size_t n = 2; n < k_head_limits.fields; ++n) {
    head += "X" + std::to_string(n) + ":" + std::string(450, 'a') + "\r\n";
  }
  while (head.size() + 6 < k_head_limits.head) head.insert(head.size() - 2, "a");
  head += "\r\n";
  HeadScanner own;
  ASSERT_EQ(own.scan(head), HeadProgress::complete) << own.problem().reason;
  RequestRewrite rewrite;
  rewrite.client = "2001:db8:1111:2222:3333:4444:5555:6666";
  const std::string out = rewritten(head, rewrite);
  EXPECT_GT(out.size(), head.size());
  HeadScanner strict;
  EXPECT_EQ(strict.scan(out), HeadProgress::bad);
  HeadScanner inside(k_head_limits_inside);
  EXPECT_EQ(inside.scan(out), HeadProgress::complete) << inside.problem().reason;
  RequestHead parsed;
  EXPECT_FALSE(parse_request(out, parsed));
}

}  // namespace
}  // namespace weir::agent
