#include "agent/enforce/gateway/http1_head.h"

#include <gtest/gtest.h>

#include <string>

#include "common/sim/rng.h"

namespace weir::agent {
namespace {

using Kind = BodyFraming::Kind;

struct RequestCase {
  const char* name;
  std::string head;
  const char* problem = nullptr;  // null: accepted
  int status = 400;
  BodyFraming framing{};
  bool keep_alive = true;
};

std::string request(const std::string& fields, const std::string& line = "POST /a HTTP/1.1") {
  return line + "\r\nHost: shop\r\n" + fields + "\r\n";
}

class Http1Request : public testing::TestWithParam<RequestCase> {};

TEST_P(Http1Request, IsAcceptedOrRefusedForItsReason) {
  const RequestCase& row = GetParam();
  HeadScanner scanner;
  const HeadProgress progress = scanner.scan(row.head);
  if (progress == HeadProgress::bad) {
    ASSERT_NE(row.problem, nullptr) << scanner.problem().reason;
    EXPECT_STREQ(scanner.problem().reason, row.problem);
    EXPECT_EQ(scanner.problem().status, row.status);
    return;
  }
  ASSERT_EQ(progress, HeadProgress::complete);
  RequestHead head;
  const auto problem = parse_request(std::string_view(row.head).substr(0, scanner.size()), head);
  if (row.problem != nullptr) {
    ASSERT_TRUE(problem.has_value());
    EXPECT_STREQ(problem->reason, row.problem);
    EXPECT_EQ(problem->status, row.status);
    return;
  }
  ASSERT_FALSE(problem.has_value()) << problem->reason;
  EXPECT_EQ(head.framing, row.framing);
  EXPECT_EQ(head.keep_alive, row.keep_alive);
}

INSTANTIATE_TEST_SUITE_P(
    Accepts, Http1Request,
    testing::Values(
        RequestCase{"Plain", request("")},
        RequestCase{"Length", request("Content-Length: 12\r\n"), nullptr, 0, {Kind::length, 12}},
        RequestCase{"LengthZero", request("Content-Length: 0\r\n")},
        RequestCase{
            "Chunked", request("Transfer-Encoding: chunked\r\n"), nullptr, 0, {Kind::chunked, 0}},
        RequestCase{"ChunkedInCapitals",
                    request("TRANSFER-ENCODING: Chunked\r\n"),
                    nullptr,
                    0,
                    {Kind::chunked, 0}},
        RequestCase{"Close", request("Connection: x, Close\r\n"), nullptr, 0, {}, false},
        RequestCase{"Http10Closes", "GET / HTTP/1.0\r\n\r\n", nullptr, 0, {}, false},
        RequestCase{"Http10KeepsWhenAsked", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
        RequestCase{"AbsoluteTargetOfTheSameHost", request("", "GET http://SHOP/a HTTP/1.1")},
        RequestCase{"Asterisk", request("", "OPTIONS * HTTP/1.1")},
        RequestCase{"BytesAbove127InAValue", request("X-Name: caf\xc3\xa9\r\n")},
        RequestCase{"EmptyValue", request("X-Empty:\r\n")}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RefusesSmuggling, Http1Request,
    testing::Values(
        RequestCase{"LengthAndCoding",
                    request("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
                    "length-and-coding"},
        RequestCase{"CodingAndLength",
                    request("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
                    "length-and-coding"},
        RequestCase{"TwoLengths", request("Content-Length: 4\r\nContent-Length: 5\r\n"),
                    "two-lengths"},
        RequestCase{"TheSameLengthTwice", request("Content-Length: 4\r\nContent-Length: 4\r\n"),
                    "two-lengths"},
        RequestCase{"LengthList", request("Content-Length: 4, 4\r\n"), "content-length"},
        RequestCase{"LengthWithSign", request("Content-Length: +4\r\n"), "content-length"},
        RequestCase{"LengthNegative", request("Content-Length: -1\r\n"), "content-length"},
        RequestCase{"LengthHex", request("Content-Length: 0x4\r\n"), "content-length"},
        RequestCase{"LengthEmpty", request("Content-Length: \r\n"), "content-length"},
        RequestCase{"LengthTooLong", request("Content-Length: 1000000000000000000\r\n"),
                    "content-length"},
        RequestCase{"CodingTwice",
                    request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                    "two-codings"},
        RequestCase{"CodingList", request("Transfer-Encoding: gzip, chunked\r\n"),
                    "transfer-encoding", 501},
        RequestCase{"CodingIdentity", request("Transfer-Encoding: identity\r\n"),
                    "transfer-encoding", 501},
        RequestCase{"CodingDecorated", request("Transfer-Encoding: xchunked\r\n"),
                    "transfer-encoding", 501},
        RequestCase{"CodingWithVerticalTab",
                    request("Transfer-Encoding: \x0b"
                            "chunked\r\n"),
                    "field-value"},
        RequestCase{"CodingIn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "coding-in-1.0"},
        RequestCase{"BlankBeforeColon", request("Content-Length : 4\r\n"), "field-name"},
        RequestCase{"BlankBeforeName", request(" Content-Length: 4\r\n"), "field-name"},
        RequestCase{"FoldedLine", request("X-A: b\r\n c\r\n"), "field-name"},
        RequestCase{"FoldedLineWithTab", request("X-A: b\r\n\tTransfer-Encoding: chunked\r\n"),
                    "field-name"},
        RequestCase{"NoColon", request("Nonsense\r\n"), "field-name"},
        RequestCase{"EmptyName", request(": x\r\n"), "field-name"},
        RequestCase{"NulInName", request(std::string("X\0Y: 1\r\n", 8)), "field-name"},
        RequestCase{"NulInValue", request(std::string("X: a\0b\r\n", 8)), "field-value"},
        RequestCase{"CarriageReturnInValue", request("X: a\rb\r\n"), "field-value"},
        RequestCase{"BareLineFeed", "GET / HTTP/1.1\nHost: a\n\n", "bare-line-feed"},
        RequestCase{"BareLineFeedLater", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
                    "bare-line-feed"},
        RequestCase{"TwoHosts", request("Host: other\r\n"), "host"},
        RequestCase{"NoHost", "GET / HTTP/1.1\r\n\r\n", "host"},
        RequestCase{"HostList", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "host"},
        RequestCase{"HostWithUser", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "host"},
        RequestCase{"AbsoluteTargetOfAnotherHost", request("", "GET http://other/ HTTP/1.1"),
                    "target"},
        RequestCase{"OtherScheme", request("", "GET ftp://shop/ HTTP/1.1"), "target"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RefusesMalformed, Http1Request,
    testing::Values(
        RequestCase{"EmptyFirstLine", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "empty-line"},
        RequestCase{"OneWord", "GET\r\n\r\n", "request-line"},
        RequestCase{"TwoWords", "GET /\r\n\r\n", "request-line"},
        RequestCase{"TwoBlanks", request("", "GET  / HTTP/1.1"), "target"},
        RequestCase{"BlankInTarget", request("", "GET /a b HTTP/1.1"), "target"},
        RequestCase{"TabInLine", request("", "GET\t/\tHTTP/1.1"), "request-line"},
        RequestCase{"ControlInTarget", request("", "GET /\x01 HTTP/1.1"), "target"},
        RequestCase{"Fragment", request("", "GET /a#b HTTP/1.1"), "target"},
        RequestCase{"MethodWithColon", request("", "GE:T / HTTP/1.1"), "method"},
        RequestCase{"MethodTooLong", request("", std::string(33, 'A') + " / HTTP/1.1"), "method"},
        RequestCase{"Version2", request("", "GET / HTTP/2.0"), "version", 505},
        RequestCase{"Version12", request("", "GET / HTTP/1.2"), "version", 505},
        RequestCase{"VersionInSmall", request("", "GET / http/1.1"), "version"},
        RequestCase{"VersionLong", request("", "GET / HTTP/1.10"), "version"},
        RequestCase{"OtherExpectation", request("Expect: tea\r\n"), "expectation", 417},
        RequestCase{"LongTarget", request("", "GET /" + std::string(20000, 'a') + " HTTP/1.1"),
                    "line-too-long", 414},
        RequestCase{"LongField", request("X: " + std::string(20000, 'a') + "\r\n"), "line-too-long",
                    431}),
    [](const auto& row) { return row.param.name; });

TEST(Http1Head, TakesExactlyAsManyFieldsAsAllowed) {
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}}) {
    std::string fields;
    for (std::size_t n = 1; n < k_head_limits.fields + extra; ++n) fields += "X: y\r\n";
    const std::string head = request(fields);
    HeadScanner scanner;
    EXPECT_EQ(scanner.scan(head), extra == 0 ? HeadProgress::complete : HeadProgress::bad);
  }
}

TEST(Http1Head, ParsesNoMoreFieldsThanItHasRoomFor) {
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}}) {
    std::string fields;
    for (std::size_t n = 1; n < k_head_limits_inside.fields + extra; ++n) fields += "X: y\r\n";
    RequestHead parsed;
    EXPECT_EQ(parse_request(request(fields), parsed).has_value(), extra == 1);
  }
}

TEST(Http1Head, IsLimitedAsAWhole) {
  std::string head = "GET / HTTP/1.1\r\n";
  while (head.size() < k_head_limits.head + 100) head += "X: " + std::string(10000, 'a') + "\r\n";
  HeadScanner scanner;
  EXPECT_EQ(scanner.scan(head), HeadProgress::bad);
  EXPECT_EQ(scanner.problem().status, 431);
}

TEST(Http1Head, EndlessLinesAreRefusedBeforeTheyEnd) {
  HeadScanner scanner;
  EXPECT_EQ(scanner.scan(std::string(k_head_limits.line + 2, 'a')), HeadProgress::bad);
  EXPECT_EQ(scanner.problem().status, 414);
}

TEST(Http1Head, IsFoundHoweverItsBytesArrive) {
  const std::string head = request("Content-Length: 3\r\n");
  const std::string stream = head + "abc";
  for (std::size_t first = 0; first < stream.size(); ++first) {
    HeadScanner scanner;
    const HeadProgress early = scanner.scan(std::string_view(stream).substr(0, first));
    EXPECT_EQ(early, first >= head.size() ? HeadProgress::complete : HeadProgress::incomplete);
    if (early == HeadProgress::incomplete) {
      ASSERT_EQ(scanner.scan(stream), HeadProgress::complete) << first;
    }
    EXPECT_EQ(scanner.size(), head.size());
  }
}

TEST(Http1Head, ShowsMethodTargetFieldsAndUpgrade) {
  const std::string bytes = request("Connection: Upgrade\r\nUpgrade: websocket\r\nX-A:  b \t\r\n",
                                    "GET /chat?x=1 HTTP/1.1");
  RequestHead head;
  ASSERT_FALSE(parse_request(bytes, head));
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/chat?x=1");
  EXPECT_EQ(head.upgrade, "websocket");
  EXPECT_EQ(head.find("x-a"), "b");
  EXPECT_FALSE(head.find("x-b"));
}

struct AnswerCase {
  const char* name;
  std::string head;
  const char* problem = nullptr;
  const char* method = "GET";
  BodyFraming framing{};
  bool keep_alive = true;
};

class Http1Answer : public testing::TestWithParam<AnswerCase> {};

TEST_P(Http1Answer, IsAcceptedOrABadGateway) {
  const AnswerCase& row = GetParam();
  ResponseHead head;
  const auto problem = parse_response(row.head, row.method, head);
  if (row.problem != nullptr) {
    ASSERT_TRUE(problem.has_value());
    EXPECT_STREQ(problem->reason, row.problem);
    EXPECT_EQ(problem->status, 502);
    return;
  }
  ASSERT_FALSE(problem.has_value()) << problem->reason;
  EXPECT_EQ(head.framing, row.framing);
  EXPECT_EQ(head.keep_alive, row.keep_alive);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Http1Answer,
    testing::Values(
        AnswerCase{"Length",
                   "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                   nullptr,
                   "GET",
                   {Kind::length, 3}},
        AnswerCase{"NoReason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"},
        AnswerCase{"EmptyReason", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"},
        AnswerCase{
            "UntilClose", "HTTP/1.1 200 OK\r\n\r\n", nullptr, "GET", {Kind::until_close, 0}, false},
        AnswerCase{"Chunked",
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                   nullptr,
                   "GET",
                   {Kind::chunked, 0}},
        AnswerCase{"Head", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", nullptr, "HEAD"},
        AnswerCase{"NotModified", "HTTP/1.1 304 Same\r\nContent-Length: 3\r\n\r\n"},
        AnswerCase{"NoContent", "HTTP/1.1 204 None\r\n\r\n"},
        AnswerCase{"Interim", "HTTP/1.1 100 Continue\r\n\r\n"},
        AnswerCase{"NoContentWithBody", "HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\n",
                   "body-without-right"},
        AnswerCase{"InterimChunked", "HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "body-without-right"},
        AnswerCase{"BothLengths",
                   "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                   "two-lengths"},
        AnswerCase{"LengthAndCoding",
                   "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "length-and-coding"},
        AnswerCase{"Short", "HTTP/1.1\r\n\r\n", "status-line"},
        AnswerCase{"Letters", "HTTP/1.1 2x0 OK\r\n\r\n", "status-line"},
        AnswerCase{"FourDigits", "HTTP/1.1 2000 OK\r\n\r\n", "status-line"},
        AnswerCase{"Below100", "HTTP/1.1 099 OK\r\n\r\n", "status-line"},
        AnswerCase{"Above599", "HTTP/1.1 600 OK\r\n\r\n", "status-line"},
        AnswerCase{"NotHttp", "SSH-2.0-x\r\n\r\n", "version"},
        AnswerCase{"Empty", "\r\n\r\n", "version"}),
    [](const auto& row) { return row.param.name; });

TEST(Http1Head, ParserNeverLooksBeyondItsBytes) {
  Rng rng(5);
  const std::string whole = request("Content-Length: 3\r\nConnection: close\r\nX: y\r\n");
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int n = 0; n < 3; ++n) bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    const std::string exact(bytes.data(), bytes.size());  // its own allocation, for ASan
    HeadScanner scanner;
    if (scanner.scan(exact) != HeadProgress::complete) continue;
    RequestHead head;
    ResponseHead answer;
    (void)parse_request(std::string_view(exact).substr(0, scanner.size()), head);
    (void)parse_response(std::string_view(exact).substr(0, scanner.size()), "GET", answer);
  }
}

}  // namespace
}  // namespace weir::agent
