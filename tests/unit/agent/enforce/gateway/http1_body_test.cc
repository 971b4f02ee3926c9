#include "agent/enforce/gateway/http1_body.h"

#include <gtest/gtest.h>

#include <string>

#include "common/sim/rng.h"

namespace weir::agent {
namespace {

using Kind = BodyFraming::Kind;

struct BodyCase {
  const char* name;
  BodyFraming framing;
  std::string bytes;
  std::size_t used;  // of `bytes`
  bool done = true;
  const char* bad = nullptr;
};

class Http1Body : public testing::TestWithParam<BodyCase> {};

TEST_P(Http1Body, EndsWhereItShould) {
  BodyMachine body(GetParam().framing);
  const BodyMachine::Step step = body.consume(GetParam().bytes);
  EXPECT_EQ(step.used, GetParam().used);
  EXPECT_EQ(body.done(), GetParam().done);
  EXPECT_STREQ(step.bad == nullptr ? "" : step.bad,
               GetParam().bad == nullptr ? "" : GetParam().bad);
}

/// The same byte by byte: no state is lost between reads.
TEST_P(Http1Body, EndsThereAlsoWhenItComesByteByByte) {
  BodyMachine body(GetParam().framing);
  std::size_t used = 0;
  const char* bad = nullptr;
  for (const char c : GetParam().bytes) {
    if (body.done() || bad != nullptr) break;
    const BodyMachine::Step step = body.consume({&c, 1});
    used += step.used;
    bad = step.bad;
  }
  EXPECT_EQ(used, GetParam().used);
  EXPECT_EQ(body.done(), GetParam().done);
  EXPECT_STREQ(bad == nullptr ? "" : bad, GetParam().bad == nullptr ? "" : GetParam().bad);
}

constexpr BodyFraming k_chunked{Kind::chunked, 0};

INSTANTIATE_TEST_SUITE_P(
    Table, Http1Body,
    testing::Values(
        BodyCase{"None", {Kind::none, 0}, "GET / ", 0},
        BodyCase{"Length", {Kind::length, 3}, "abcGET", 3},
        BodyCase{"LengthShort", {Kind::length, 3}, "ab", 2, false},
        BodyCase{"UntilClose", {Kind::until_close, 0}, "anything", 8, false},
        BodyCase{"Empty", k_chunked, "0\r\n\r\nGET", 5},
        BodyCase{"OneChunk", k_chunked, "3\r\nabc\r\n0\r\n\r\nGET", 13},
        BodyCase{"CapitalHex", k_chunked, "A\r\n0123456789\r\n0\r\n\r\n", 20},
        BodyCase{"LeadingZeros", k_chunked, "003\r\nabc\r\n000\r\n\r\n", 17},
        BodyCase{"Extension", k_chunked, "3;a=\"b\"\r\nabc\r\n0;x\r\n\r\n", 21},
        BodyCase{"Trailers", k_chunked, "0\r\nX-A: b\r\nX-B:\r\n\r\nGET", 19},
        BodyCase{"NotYet", k_chunked, "3\r\nabc\r\n", 8, false},
        BodyCase{"NoSize", k_chunked, "\r\nabc", 0, false, "chunk-size"},
        BodyCase{"NotHex", k_chunked, "g\r\n", 0, false, "chunk-size"},
        BodyCase{"Sign", k_chunked, "+3\r\nabc", 0, false, "chunk-size"},
        BodyCase{"Prefix", k_chunked, "0x3\r\nabc", 1, false, "chunk-size"},
        BodyCase{"BlankBeforeLineEnd", k_chunked, "3 \r\nabc", 1, false, "chunk-size"},
        BodyCase{"BareLineFeedAfterSize", k_chunked, "3\nabc", 1, false, "chunk-size"},
        BodyCase{"BareReturnAfterSize", k_chunked, "3\rabc", 2, false, "chunk-size"},
        BodyCase{"LineFeedInExtension", k_chunked, "3;a\nabc", 3, false, "chunk-extension"},
        BodyCase{"Overflow", k_chunked, "fffffffffffffffff\r\n", 15, false, "chunk-size"},
        BodyCase{"DataLongerThanItsSize", k_chunked, "3\r\nabcd\r\n", 6, false, "chunk-end"},
        BodyCase{"BareLineFeedAfterData", k_chunked, "3\r\nabc\n", 6, false, "chunk-end"},
        BodyCase{"FramingInTrailer", k_chunked, "0\r\nContent-Length: 3\r\n\r\n", 17, false,
                 "trailer-forbidden"},
        BodyCase{"CodingInTrailer", k_chunked, "0\r\ntransfer-encoding: chunked\r\n\r\n", 20, false,
                 "trailer-forbidden"},
        BodyCase{"FoldedTrailer", k_chunked, "0\r\n X: 1\r\n\r\n", 3, false, "trailer-name"},
        BodyCase{"TrailerWithoutColon", k_chunked, "0\r\nX\r\n\r\n", 4, false, "trailer-name"},
        BodyCase{"TrailerWithoutName", k_chunked, "0\r\n: 1\r\n\r\n", 3, false, "trailer-name"},
        BodyCase{"BareLineFeedInTrailer", k_chunked, "0\r\nX: 1\n\r\n", 7, false, "trailer-value"},
        BodyCase{"BareReturnAtTheEnd", k_chunked, "0\r\n\rx", 4, false, "trailer-value"}),
    [](const auto& row) { return row.param.name; });

TEST(Http1Body, LimitsExtensionsAndTrailers) {
  BodyMachine extension(k_chunked);
  EXPECT_STREQ(extension.consume("1;" + std::string(300, 'a')).bad, "chunk-extension");
  BodyMachine trailers(k_chunked);
  std::string many = "0\r\n";
  while (many.size() < 10000) many += "X-A: b\r\n";
  EXPECT_STREQ(trailers.consume(many).bad, "trailers-too-large");
}

TEST(Http1Body, KnowsAProperEndOfTheStream) {
  BodyMachine open({Kind::until_close, 0});
  open.consume("x");
  EXPECT_TRUE(open.end_of_stream());
  BodyMachine cut({Kind::length, 3});
  cut.consume("ab");
  EXPECT_FALSE(cut.end_of_stream());
  BodyMachine chunks(k_chunked);
  chunks.consume("3\r\nabc\r\n");
  EXPECT_FALSE(chunks.end_of_stream());
}

TEST(Http1Body, FindsTheEndOfAnyChunkedBodyHoweverItIsCut) {
  Rng rng(31);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    const std::uint64_t chunks = rng.below(6);
    for (std::uint64_t n = 0; n < chunks; ++n) {
      const std::uint64_t size = 1 + rng.below(300);
      char text[32];
      std::snprintf(text, sizeof(text), "%llx\r\n", static_cast<unsigned long long>(size));
      bytes += text + std::string(size, '\n') + "\r\n";
    }
    bytes += "0\r\n\r\n";
    const std::size_t end = bytes.size();
    bytes += "GET / HTTP/1.1\r\n";
    BodyMachine body(k_chunked);
    std::size_t used = 0;
    while (!body.done()) {
      const std::size_t piece = std::min<std::size_t>(1 + rng.below(50), bytes.size() - used);
      const auto step = body.consume(std::string_view(bytes).substr(used, piece));
      ASSERT_EQ(step.bad, nullptr);
      used += step.used;
    }
    ASSERT_EQ(used, end) << "round " << round;
  }
}

}  // namespace
}  // namespace weir::agent
