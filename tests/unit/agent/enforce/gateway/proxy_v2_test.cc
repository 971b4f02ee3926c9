#include "agent/enforce/gateway/proxy_v2.h"

#include <gtest/gtest.h>

#include <functional>

#include "common/sim/rng.h"

namespace weir::agent {
namespace {

Endpoint at(const char* text) { return Endpoint::parse(text).value(); }

std::string written(const ProxyPreamble& preamble) {
  std::string out;
  write_proxy_v2(preamble, out);
  return out;
}

ProxyPreamble whole() { return {at("192.0.2.1:4000"), at("10.0.0.1:80"), "shop/web", true}; }

TEST(ProxyV2, WritesWhatTheSpecificationSays) {
  const std::string bytes = written({at("192.0.2.1:4000"), at("10.0.0.1:80"), {}, false});
  EXPECT_EQ(to_hex(as_bytes(bytes)),
            "0d0a0d0a000d0a515549540a"  // signature
            "2111000c"                  // version 2, PROXY; TCP over IPv4; 12 bytes
            "c00002010a0000010fa00050");
}

TEST(ProxyV2, ReadsBackWhatItWrote) {
  for (const ProxyPreamble& preamble :
       {whole(), ProxyPreamble{at("[2001:db8::1]:1"), at("[2001:db8::2]:65535"), "a/b", false},
        ProxyPreamble{at("192.0.2.1:4000"), at("10.0.0.1:80"), {}, false},
        ProxyPreamble{{}, {}, "a/b", false}}) {
    const std::string bytes = written(preamble) + "GET /";
    const auto parsed = parse_proxy_v2(as_bytes(bytes));
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_EQ((*parsed)->preamble, preamble);
    EXPECT_EQ((*parsed)->size, bytes.size() - 5);
  }
}

TEST(ProxyV2, WritesMixedFamiliesAsIpv6) {
  const std::string bytes = written({at("192.0.2.1:4000"), at("[::1]:80"), {}, false});
  const auto parsed = parse_proxy_v2(as_bytes(bytes));
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ((*parsed)->preamble.source.address.unmapped().to_string(), "192.0.2.1");
}

TEST(ProxyV2, WaitsForEveryByte) {
  const std::string bytes = written(whole());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto parsed = parse_proxy_v2(as_bytes(std::string_view(bytes).substr(0, size)));
    ASSERT_TRUE(parsed) << size;
    EXPECT_FALSE(*parsed) << size;
  }
}

struct BadPreamble {
  const char* name;
  std::function<void(std::string&)> damage;
  const char* complaint;
};
class ProxyV2Refuses : public testing::TestWithParam<BadPreamble> {};

TEST_P(ProxyV2Refuses, WithAReason) {
  std::string bytes = written(whole());
  GetParam().damage(bytes);
  const auto parsed = parse_proxy_v2(as_bytes(bytes));
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message().find(GetParam().complaint), std::string::npos)
      << parsed.error().message();
}

// The whole preamble: 16 fixed, 12 of addresses, TLV at 28 (3 + 8 bytes), TLV at 39.
INSTANTIATE_TEST_SUITE_P(
    Table, ProxyV2Refuses,
    testing::Values(
        BadPreamble{"OtherFirstByte", [](std::string& b) { b[0] = 'G'; }, "signature"},
        BadPreamble{"OtherLastByteOfTheSignature", [](std::string& b) { b[11] = 'x'; },
                    "signature"},
        BadPreamble{"Version1", [](std::string& b) { b[12] = 0x11; }, "version or command"},
        BadPreamble{"Command2", [](std::string& b) { b[12] = 0x22; }, "version or command"},
        BadPreamble{"Udp", [](std::string& b) { b[13] = 0x12; }, "family 18"},
        BadPreamble{"Unspecified", [](std::string& b) { b[13] = 0; }, "family 0"},
        BadPreamble{"AddressesOfTheOtherFamily",
                    [](std::string& b) {
                      b[13] = 0x21;
                      b.resize(40);
                      b[15] = 24;
                    },
                    "too short"},
        BadPreamble{"TooLong", [](std::string& b) { b[14] = 0x10; }, "the limit is 1024"},
        BadPreamble{"FieldBeyondTheEnd", [](std::string& b) { b[30] = 100; }, "longer than"},
        BadPreamble{"HalfAField", [](std::string& b) { b[15] = 13; }, "cut off"},
        BadPreamble{"NoName", [](std::string& b) { b[31] = '\n'; }, "is no name"}),
    [](const auto& row) { return row.param.name; });

TEST(ProxyV2, SkipsFieldsItDoesNotKnow) {
  std::string bytes = written({at("192.0.2.1:4000"), at("10.0.0.1:80"), {}, false});
  bytes += std::string(
      "\x04\x00\x02xx\xe0\x00\x03"
      "a/b",
      11);
  bytes[15] = static_cast<char>(12 + 11);
  const auto parsed = parse_proxy_v2(as_bytes(bytes));
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ((*parsed)->preamble.service, "a/b");
}

TEST(ProxyV2, IgnoresTheAddressesOfALocalConnection) {
  std::string bytes = written({at("192.0.2.1:4000"), at("10.0.0.1:80"), {}, false});
  bytes[12] = 0x20;
  const auto parsed = parse_proxy_v2(as_bytes(bytes));
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_TRUE((*parsed)->preamble.source.address.is_unspecified());
}

TEST(ProxyV2, SurvivesAnyBytes) {
  Rng rng(12);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = written(whole());
    bytes.resize(bytes.size() - rng.below(10));
    for (int n = 0; n < 3; ++n) {
      bytes[12 + rng.below(bytes.size() - 12)] = static_cast<char>(rng.below(256));
    }
    const ByteVector exact(bytes.begin(), bytes.end());
    (void)parse_proxy_v2(exact);
  }
}

}  // namespace
}  // namespace weir::agent
