#include <gtest/gtest.h>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/net/ip.h"
#include "common/sim/rng.h"

namespace weir {
namespace {

TEST(Base64, SpellsEachByteStringInOneWayOnly) {
  Rng rng(1);
  for (std::size_t size = 0; size < 70; ++size) {
    ByteVector bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  }
  EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
  for (const char* bad : {"Zm9vYh==", "Zm9vYg=", "Zm9v Yg=", "Zm9vYg", "=", "Zm=vYg=="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(Text, QuotesWhatCouldWriteToATerminal) {
  EXPECT_EQ(in_quotes("a\x1b[2J\"b"), "\"a\\x1b[2J\\x22b\"");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "\"" + std::string(80, 'x') + "\"...");
}

TEST(Text, EscapesTheUpperControlsAndWhatIsNoLetter) {
  EXPECT_EQ(in_quotes("\u00e9\u009b2J"), "\"\u00e9\\xc2\\x9b2J\"");
  EXPECT_EQ(in_quotes("a\xff\xc3"), "\"a\\xff\\xc3\"");
  EXPECT_EQ(escape_controls("\"\u20ac\"\n"), "\"\u20ac\"\\x0a");
  const std::string euros = in_quotes(std::string(79, 'x') + "\u20ac");
  EXPECT_EQ(euros, "\"" + std::string(79, 'x') + "\"...") << "a part of a letter";
}

TEST(Text, KnowsALetterOfUtf8) {
  struct Row {
    std::string_view text;
    std::size_t size;
  };
  for (const Row& row :
       {Row{"a", 1}, Row{"\u00e9x", 2}, Row{"\u20acx", 3}, Row{"\U0001f680", 4},
        Row{"\xf4\x8f\xbf\xbf", 4}, Row{"", 0}, Row{"\x80", 0}, Row{"\xc3", 0}, Row{"\xc0\x80", 0},
        Row{"\xe0\x80\x80", 0}, Row{"\xed\xa0\x80", 0}, Row{"\xf0\x80\x80\x80", 0},
        Row{"\xf4\x90\x80\x80", 0}, Row{"\xf8\x88\x80\x80\x80", 0}, Row{"\xe2\x82", 0}}) {
    EXPECT_EQ(letter_size(row.text), row.size) << in_quotes(row.text);
  }
}

TEST(Text, CutsBetweenLettersAndKeepsOnlyUtf8) {
  EXPECT_EQ(cut_text("a\u20acb", 3), "a");
  EXPECT_EQ(cut_text("a\u20acb", 4), "a\u20ac");
  EXPECT_EQ(cut_text("a\xff\u00e9", 100), "a\ufffd\u00e9");
  EXPECT_EQ(cut_text("\xff\xff", 4), "\ufffd");
  EXPECT_EQ(cut_text("", 0), "");
  Rng rng(3);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(rng.below(20), 'x');
    for (char& byte : bytes) byte = static_cast<char>(rng.next());
    const std::size_t most = rng.below(20);
    const std::string kept = cut_text(bytes, most);
    EXPECT_LE(kept.size(), most);
    for (std::string_view rest = kept; !rest.empty(); rest.remove_prefix(letter_size(rest))) {
      ASSERT_NE(letter_size(rest), 0U) << in_quotes(bytes);
    }
  }
}

TEST(Text, ParsesWholeNumbersWithinALimit) {
  EXPECT_EQ(parse_number("65535", 65535), 65535U);
  EXPECT_EQ(parse_number("65536", 65535).error().code(), Code::out_of_range);
  EXPECT_EQ(parse_number("99999999999999999999999", UINT64_MAX).error().code(), Code::out_of_range);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "0x10"}) {
    EXPECT_EQ(parse_number(bad, 100).error().code(), Code::invalid_argument) << bad;
  }
}

TEST(Error, GainsContextOnItsWayUp) {
  const Error error = Error(Code::not_found, "no such agent").within("apply revision 3");
  EXPECT_EQ(error.message(), "apply revision 3: no such agent");
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(code_name(error.code()), "not_found");
}

struct PrefixCase {
  const char* text;
  const char* canonical;  // nullptr: refused
};
class Prefix : public testing::TestWithParam<PrefixCase> {};
TEST_P(Prefix, IsReadAsWgReadsIt) {
  const auto prefix = IpPrefix::parse(GetParam().text);
  if (GetParam().canonical == nullptr) {
    EXPECT_FALSE(prefix) << prefix->to_string();
  } else {
    ASSERT_TRUE(prefix) << prefix.error().message();
    EXPECT_EQ(prefix->to_string(), GetParam().canonical);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, Prefix,
    testing::Values(PrefixCase{"10.1.2.3/8", "10.0.0.0/8"}, PrefixCase{"10.1.2.3", "10.1.2.3/32"},
                    PrefixCase{"0.0.0.0/0", "0.0.0.0/0"}, PrefixCase{"fd00::1/64", "fd00::/64"},
                    PrefixCase{"::/0", "::/0"}, PrefixCase{"10.0.0.0/33", nullptr},
                    PrefixCase{"fd00::/129", nullptr}, PrefixCase{"10.0.0/8", nullptr},
                    PrefixCase{"/8", nullptr}, PrefixCase{"10.0.0.0/", nullptr},
                    PrefixCase{"10.0.0.0/-1", nullptr}));

TEST(IpPrefix, ContainsAndOverlapsByFamily) {
  const IpPrefix ten = *IpPrefix::parse("10.0.0.0/8");
  EXPECT_TRUE(ten.contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(ten.contains(*IpAddress::parse("11.0.0.1")));
  EXPECT_FALSE(ten.contains(*IpAddress::parse("::ffff:10.0.0.1")));
  EXPECT_TRUE(ten.contains(IpAddress::parse("::ffff:10.0.0.1")->unmapped()));
  EXPECT_TRUE(ten.overlaps(*IpPrefix::parse("10.3.0.0/16")));
  EXPECT_TRUE(IpPrefix::parse("10.3.0.0/16")->overlaps(ten));
  EXPECT_FALSE(ten.overlaps(*IpPrefix::parse("11.0.0.0/8")));
}

TEST(Endpoint, KeepsIpv6InBrackets) {
  EXPECT_EQ(Endpoint::parse("[fd00::1]:53")->to_string(), "[fd00::1]:53");
  EXPECT_EQ(Endpoint::parse("1.2.3.4:65535")->to_string(), "1.2.3.4:65535");
  for (const char* bad :
       {"fd00::1:53", "[1.2.3.4]:80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", ":80"}) {
    EXPECT_FALSE(Endpoint::parse(bad)) << bad;
  }
}

TEST(Rng, GivesTheSameStreamForTheSameSeed) {
  Rng a(7);
  Rng b(7);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(a.next(), b.next());
  EXPECT_NE(Rng(8).next(), Rng(7).next());
}

TEST(Rng, DrawsEveryValueBelowABoundAboutEquallyOften) {
  Rng rng(3);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70000; ++i) ++seen[rng.below(7)];
  for (const int count : seen) EXPECT_NEAR(count, 10000, 400);
}

}  // namespace
}  // namespace weir
