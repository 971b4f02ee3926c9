#include "common/tunnel/uapi.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir {
namespace {

using std::chrono::seconds;

const std::string k_hex_1(64, '1');
const std::string k_hex_2(64, '2');

std::vector<UapiRequest> parse(std::string_view text) { return UapiParser().feed(text); }

/// The one request in `text`, which must be a set.
UapiSet parse_set(const std::string& lines) {
  const auto requests = parse("set=1\n" + lines + "\n");
  EXPECT_EQ(requests.size(), 1u);
  const auto* set = requests.empty() ? nullptr : std::get_if<UapiSet>(&requests[0]);
  EXPECT_NE(set, nullptr) << lines;
  return set != nullptr ? *set : UapiSet{};
}

TEST(UapiParser, ReadsEveryKeyOfASet) {
  const UapiSet set = parse_set(
      "private_key=" + k_hex_1 +
      "\nlisten_port=51820\nfwmark=7\nreplace_peers=true\n"
      "public_key=" +
      k_hex_2 + "\nupdate_only=true\npreshared_key=" + k_hex_1 +
      "\nendpoint=192.0.2.1:80\n"
      "persistent_keepalive_interval=25\nreplace_allowed_ips=true\nallowed_ip=10.0.0.0/8\n"
      "allowed_ip=-fd00::/64\nallowed_ip=10.1.2.3\nprotocol_version=1\n"
      "public_key=" +
      k_hex_1 + "\nremove=true\nendpoint=[fe80::1]:51820\n");

  ASSERT_TRUE(set.private_key.has_value());
  EXPECT_EQ(to_hex(set.private_key->bytes()), k_hex_1);
  EXPECT_EQ(set.listen_port, 51820);
  EXPECT_EQ(set.fwmark, 7u);
  EXPECT_TRUE(set.replace_peers);
  ASSERT_EQ(set.peers.size(), 2u);
  const PeerUpdate& peer = set.peers[0];
  EXPECT_EQ(to_hex(peer.public_key), k_hex_2);
  EXPECT_TRUE(peer.update_only);
  EXPECT_TRUE(peer.replace_allowed_ips);
  EXPECT_FALSE(peer.remove);
  EXPECT_EQ(to_hex(peer.preshared_key.value().bytes()), k_hex_1);
  EXPECT_EQ(peer.endpoint.value().to_string(), "192.0.2.1:80");
  EXPECT_EQ(peer.persistent_keepalive, seconds(25));
  ASSERT_EQ(peer.allowed_ips.size(), 2u);
  EXPECT_EQ(peer.allowed_ips[0].to_string(), "10.0.0.0/8");
  EXPECT_EQ(peer.allowed_ips[1].to_string(), "10.1.2.3/32");
  ASSERT_EQ(peer.removed_allowed_ips.size(), 1u);
  EXPECT_EQ(peer.removed_allowed_ips[0].to_string(), "fd00::/64");
  EXPECT_TRUE(set.peers[1].remove);
  EXPECT_EQ(set.peers[1].endpoint.value().to_string(), "[fe80::1]:51820");
}

TEST(UapiParser, LeavesUnnamedWhatASetDoesNotName) {
  const UapiSet set = parse_set("public_key=" + k_hex_1 + "\n");
  EXPECT_FALSE(set.private_key || set.listen_port || set.fwmark || set.replace_peers);
  ASSERT_EQ(set.peers.size(), 1u);
  EXPECT_FALSE(set.peers[0].preshared_key || set.peers[0].endpoint ||
               set.peers[0].persistent_keepalive);
  EXPECT_TRUE(parse_set("").peers.empty());
}

TEST(UapiParser, StoresAMappedIpv4EndpointAsIpv4) {
  const UapiSet set = parse_set("public_key=" + k_hex_1 + "\nendpoint=[::ffff:192.0.2.1]:80\n");
  EXPECT_EQ(set.peers.at(0).endpoint.value().to_string(), "192.0.2.1:80");
}

TEST(UapiParser, TakesSeveralOperationsOnOneConnection) {
  const auto requests = parse("get=1\n\nset=1\nlisten_port=1\n\nget=1\n\n");
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<UapiGet>(requests[0]));
  EXPECT_TRUE(std::holds_alternative<UapiSet>(requests[1]));
  EXPECT_TRUE(std::holds_alternative<UapiGet>(requests[2]));
}

TEST(UapiParser, GivesTheSameRequestsHoweverTheBytesAreCut) {
  const std::string text = "set=1\nprivate_key=" + k_hex_1 + "\npublic_key=" + k_hex_2 +
                           "\nallowed_ip=10.0.0.0/8\n\nget=1\n\nset=1\nbad\nlisten_port=4\n\n";
  Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    UapiParser parser;
    std::vector<UapiRequest> requests;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + rng.below(40);
      auto more = parser.feed(std::string_view(text).substr(at, length));
      std::move(more.begin(), more.end(), std::back_inserter(requests));
      at += length;
    }
    ASSERT_EQ(requests.size(), 3u);
    const auto* set = std::get_if<UapiSet>(&requests[0]);
    ASSERT_NE(set, nullptr);
    EXPECT_EQ(to_hex(set->private_key.value().bytes()), k_hex_1);
    EXPECT_EQ(set->peers.at(0).allowed_ips.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<UapiGet>(requests[1]));
    EXPECT_TRUE(std::holds_alternative<UapiRefusal>(requests[2]));
  }
}

struct BadLine {
  const char* name;
  std::string line;
  std::string complaint;
};

class UapiBadLine : public testing::TestWithParam<BadLine> {};

TEST_P(UapiBadLine, RefusesTheWholeSetAndGoesOn) {
  const bool of_peer = GetParam().line.starts_with("peer:");
  const std::string line = of_peer ? GetParam().line.substr(5) : GetParam().line;
  const std::string before = of_peer ? "public_key=" + k_hex_1 + "\n" : "";
  const auto requests =
      parse("set=1\nlisten_port=1\n" + before + line + "\nnonsense\nfwmark=2\n\nget=1\n\n");
  ASSERT_EQ(requests.size(), 2u);
  const auto* refusal = std::get_if<UapiRefusal>(&requests[0]);
  ASSERT_NE(refusal, nullptr);
  EXPECT_NE(refusal->error.message().find(GetParam().complaint), std::string::npos)
      << refusal->error.message();
  EXPECT_TRUE(std::holds_alternative<UapiGet>(requests[1]));
}

INSTANTIATE_TEST_SUITE_P(
    Table, UapiBadLine,
    testing::Values(
        BadLine{"NoEquals", "listen_port", "not key=value"},
        BadLine{"UnknownDeviceKey", "colour=red", "unknown key \"colour\" of the device"},
        BadLine{"PeerKeyBeforeAPeer", "allowed_ip=10.0.0.0/8", "of the device"},
        BadLine{"DeviceKeyInAPeer", "peer:listen_port=1", "of a peer"},
        BadLine{"ShortKey", "private_key=11", "64 hexadecimal digits"},
        BadLine{"KeyNotHex", "public_key=" + std::string(64, 'g'), "64 hexadecimal digits"},
        BadLine{"PortTooLarge", "listen_port=65536", "above the limit 65535"},
        BadLine{"PortNegative", "listen_port=-1", "not a whole number"},
        BadLine{"MarkTooLarge", "fwmark=4294967296", "above the limit"},
        BadLine{"FlagFalse", "replace_peers=false", "the only value is true"},
        BadLine{"RemoveFalse", "peer:remove=0", "the only value is true"},
        BadLine{"Keepalive", "peer:persistent_keepalive_interval=65536", "above the limit"},
        BadLine{"Endpoint", "peer:endpoint=192.0.2.1", "ADDRESS:PORT"},
        BadLine{"EndpointName", "peer:endpoint=host:1", "ADDRESS:PORT"},
        BadLine{"AllowedIp", "peer:allowed_ip=10.0.0.0/33", "length from 0 to 32"},
        BadLine{"AllowedIpTwiceMinus", "peer:allowed_ip=--10.0.0.0/8", "not an IP address"},
        BadLine{"Version", "peer:protocol_version=2", "only 1 exists"}),
    [](const auto& row) { return row.param.name; });

TEST(UapiParser, NeverRepeatsASecretInAMessage) {
  const std::string secret(63, 'a');
  for (const char* key : {"private_key=", "preshared_key=", "private_key"}) {
    const auto requests = parse("set=1\npublic_key=" + k_hex_1 + "\n" + key + secret + "\n\n");
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(std::get<UapiRefusal>(requests[0]).error.message().find("aaaa"), std::string::npos);
  }
}

TEST(UapiParser, StopsAtWhatItCannotSkip) {
  for (const std::string& text :
       {std::string("hello\nget=1\n\n"), std::string("get=2\n\nget=1\n\n"),
        std::string("get=1\nx=y\nget=1\n\n"),
        "set=1\n" + std::string(UapiParser::k_line_max + 1, 'x'),
        std::string(UapiParser::k_line_max + 1, '\0')}) {
    UapiParser parser;
    const auto requests = parser.feed(text);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<UapiRefusal>(requests[0]));
    EXPECT_TRUE(parser.broken());
    EXPECT_TRUE(parser.feed("get=1\n\n").empty());
  }
}

TEST(UapiParser, BoundsTheSizeOfOneSetEvenWhileSkipping) {
  UapiParser parser;
  ASSERT_TRUE(parser.feed("set=1\nbad\n").empty());
  const std::string block = [] {
    std::string lines;
    for (int i = 0; i < 4096; ++i) lines += std::string(255, 'x') + "\n";
    return lines;
  }();
  std::size_t fed = 0;
  while (!parser.broken() && fed <= UapiParser::k_set_bytes_max) {
    parser.feed(block);
    fed += block.size();
  }
  EXPECT_TRUE(parser.broken());
}

TEST(UapiParser, HoldsTheBulkThatWgCanSend) {
  std::string text = "set=1\npublic_key=" + k_hex_1 + "\n";
  for (unsigned i = 0; i < 130560; ++i) {
    text += "allowed_ip=" + IpAddress::v4(0x0a000000U + i).to_string() + "/32\n";
  }
  const auto requests = parse(text + "\n");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(std::get<UapiSet>(requests[0]).peers.at(0).allowed_ips.size(), 130560u);
}

TEST(UapiParser, RefusesMoreAllowedIpsThanItsLimit) {
  UapiParser parser;
  parser.feed("set=1\npublic_key=" + k_hex_1 + "\n");
  std::string block;
  for (int i = 0; i < 1024; ++i) block += "allowed_ip=10.0.0.1\n";
  for (std::size_t i = 0; i < UapiParser::k_allowed_ips_max / 1024; ++i) {
    ASSERT_TRUE(parser.feed(block).empty());
  }
  parser.feed("allowed_ip=10.0.0.1\n");
  const auto requests = parser.feed("\n");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(std::get<UapiRefusal>(requests[0]).error.code(), Code::resource_exhausted);
}

TEST(UapiPrinter, PrintsADeviceAsWgReadsIt) {
  DeviceState device;
  PeerState peer;
  peer.public_key.fill(0x22);
  peer.endpoint = *Endpoint::parse("[2001:db8::1]:9");
  peer.last_handshake = WallTime(std::chrono::nanoseconds(1'700'000'000'000'000'042));
  peer.rx_bytes = 148;
  peer.tx_bytes = 92;
  peer.persistent_keepalive = seconds(25);
  peer.allowed_ips = {*IpPrefix::parse("10.0.0.0/8"), *IpPrefix::parse("fd00::/64")};
  device.peers.push_back(peer);
  EXPECT_EQ(print_uapi_get({.device = device, .listen_port = 51820, .fwmark = 0}),
            "listen_port=51820\npublic_key=" + k_hex_2 + "\npreshared_key=" + std::string(64, '0') +
                "\nprotocol_version=1\nendpoint=[2001:db8::1]:9\n"
                "last_handshake_time_sec=1700000000\nlast_handshake_time_nsec=42\n"
                "tx_bytes=92\nrx_bytes=148\npersistent_keepalive_interval=25\n"
                "allowed_ip=10.0.0.0/8\nallowed_ip=fd00::/64\nerrno=0\n\n");
}

TEST(UapiParser, ReadsTheZoneOfALinkLocalEndpoint) {
  const std::string set = "set=1\npublic_key=" + k_hex_2 + "\nendpoint=";
  const auto known = [](const std::string& name) { return name == "eth0" ? 7U : 0U; };
  struct Case {
    const char* endpoint;
    std::uint32_t interface_index;  // 0: refused
  };
  for (const Case& row :
       {Case{"[fe80::1%eth0]:51820", 7}, Case{"[fe80::1%3]:51820", 3},
        Case{"[fe80::1%eth9]:51820", 0}, Case{"[fe80::1%]:51820", 0}, Case{"[fe80::1%0]:51820", 0},
        Case{"[2001:db8::1%eth0]:51820", 0}, Case{"192.0.2.1%eth0:51820", 0}}) {
    const auto requests = UapiParser(known).feed(set + row.endpoint + "\n\n");
    ASSERT_EQ(requests.size(), 1U) << row.endpoint;
    const auto* const taken = std::get_if<UapiSet>(&requests[0]);
    ASSERT_EQ(taken != nullptr, row.interface_index != 0) << row.endpoint;
    if (taken == nullptr) continue;
    EXPECT_EQ(taken->peers[0].endpoint.value().to_string(), "[fe80::1]:51820");
    EXPECT_EQ(taken->peers[0].endpoint_interface, row.interface_index);
  }
  const auto nameless = parse(set + "[fe80::1%eth0]:51820\n\n");
  EXPECT_TRUE(std::holds_alternative<UapiRefusal>(nameless.at(0))) << "no names without interfaces";
}

TEST(UapiPrinter, PrintsTheZoneOfALinkLocalEndpoint) {
  DeviceState device;
  device.peers.emplace_back();
  device.peers[0].endpoint = *Endpoint::parse("[fe80::1]:9");
  device.peers[0].endpoint_interface = 7;
  EXPECT_NE(print_uapi_get({.device = device}).find("\nendpoint=[fe80::1%7]:9\n"),
            std::string::npos);
}

TEST(UapiPrinter, PrintsAnEmptyDeviceAsNothing) {
  EXPECT_EQ(print_uapi_get({.device = DeviceState{}}), "errno=0\n\n");
}

TEST(UapiPrinter, AnswersWithNegativeErrnos) {
  EXPECT_EQ(print_uapi_result({}), "errno=0\n\n");
  EXPECT_EQ(print_uapi_result(fail(Code::invalid_argument, "x")), "errno=-22\n\n");
  EXPECT_EQ(print_uapi_result(fail(Code::already_exists, "x")), "errno=-98\n\n");
}

}  // namespace
}  // namespace weir
