#include "common/tunnel_kernel/wireguard_wire.h"

#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/wireguard.h>

#include <algorithm>

#include "common/sim/rng.h"

namespace weir {
namespace {

using std::chrono::seconds;

/// GET's answer and SET's request name things alike, so a reader of the one reads the other.
Result<KernelDevice> read_back(std::vector<SetMessage> messages) {
  DeviceReader reader;
  for (SetMessage& part : messages) {
    WEIR_TRY(reader.add(part.message.finish(1).subspan(sizeof(nlmsghdr))));
  }
  return reader.take();
}

PeerChange peer(std::uint32_t number, std::uint32_t prefixes) {
  PeerChange made;
  made.public_key[0] = static_cast<std::uint8_t>(number);
  made.public_key[1] = static_cast<std::uint8_t>(number >> 8U);
  made.create = true;
  made.replace_allowed_ips = true;
  made.endpoint = Endpoint{IpAddress::v4(0xc0000200 + number), 51820};
  made.persistent_keepalive = seconds(number % 100);
  for (std::uint32_t i = 0; i < prefixes; ++i) {
    made.allowed_ips.push_back(IpPrefix::host(IpAddress::v4(0x0a000000 + (number << 12U) + i)));
  }
  return made;
}

class WireguardWireSizes : public testing::TestWithParam<std::pair<std::uint32_t, std::uint32_t>> {
};

TEST_P(WireguardWireSizes, ArriveWholeInMessagesThatTheKernelTakes) {
  const auto [peers, prefixes] = GetParam();
  DeviceChange change;
  change.fwmark = 9;
  for (std::uint32_t i = 0; i < peers; ++i) change.peers.push_back(peer(i, prefixes));
  const WireguardWire wire(30, 5);
  std::size_t named = 0;
  for (const SetMessage& part : wire.set(change)) {
    EXPECT_LE(part.message.size(), WireguardWire::k_message_size_max);
    named += part.peers.size();
  }
  EXPECT_GE(named, peers);
  const auto device = read_back(wire.set(change));
  ASSERT_TRUE(device.has_value()) << device.error().message();
  EXPECT_EQ(device->fwmark, 9u);
  ASSERT_EQ(device->device.peers.size(), peers);
  for (std::uint32_t i = 0; i < peers; ++i) {
    EXPECT_EQ(device->device.peers[i].public_key, change.peers[i].public_key);
    EXPECT_EQ(device->device.peers[i].endpoint, change.peers[i].endpoint);
    EXPECT_EQ(device->device.peers[i].persistent_keepalive, change.peers[i].persistent_keepalive);
    EXPECT_EQ(device->device.peers[i].allowed_ips, change.peers[i].allowed_ips);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, WireguardWireSizes,
                         testing::Values(std::pair(0U, 0U), std::pair(1U, 0U), std::pair(1U, 1U),
                                         std::pair(1U, 400U), std::pair(2U, 2000U),
                                         std::pair(65U, 3U), std::pair(1000U, 1U)));

TEST(WireguardWire, ReplacesAPeersPrefixesInItsFirstPartOnly) {
  DeviceChange change;
  change.peers = {peer(1, 2000)};
  int replacing = 0;
  std::vector<SetMessage> messages = WireguardWire(30, 5).set(change);
  ASSERT_GT(messages.size(), 2u);
  for (SetMessage& part : messages) {
    AttributeReader device(part.message.finish(1).subspan(sizeof(nlmsghdr) + GENL_HDRLEN));
    while (const auto attribute = device.next()) {
      if (attribute->type != WGDEVICE_A_PEERS) continue;
      AttributeReader peers(attribute->value);
      AttributeReader one(peers.next()->value);
      while (const auto field = one.next()) {
        if (field->type == WGPEER_A_FLAGS &&
            (*read_u32(field->value) & WGPEER_F_REPLACE_ALLOWEDIPS) != 0) {
          ++replacing;
        }
      }
    }
  }
  EXPECT_EQ(replacing, 1);
}

TEST(WireguardWire, AsksForThePortBeforeAnythingElseAndAlone) {
  DeviceChange change;
  change.listen_port = 51820;
  change.fwmark = 1;
  change.peers = {peer(1, 1)};
  std::vector<SetMessage> messages = WireguardWire(30, 5).set(change);
  ASSERT_EQ(messages.size(), 2u);
  std::vector<SetMessage> first;
  first.push_back(std::move(messages[0]));
  const auto device = read_back(std::move(first));
  EXPECT_EQ(device->listen_port, 51820);
  EXPECT_EQ(device->fwmark, 0u);
  EXPECT_TRUE(device->device.peers.empty());
  EXPECT_TRUE(WireguardWire(30, 5).set(DeviceChange()).empty());
}

TEST(WireguardWire, CarriesBothFamiliesAndKeys) {
  DeviceChange change;
  PeerChange made = peer(1, 0);
  made.endpoint = *Endpoint::parse("[2001:db8::7]:99");
  made.allowed_ips = {*IpPrefix::parse("fd07::/64"), *IpPrefix::parse("0.0.0.0/0")};
  SecretKey secret;
  secret.writable()[3] = 8;
  made.preshared_key = secret;
  change.private_key = secret;
  change.peers = {made};
  const auto device = read_back(WireguardWire(30, 5).set(change));
  EXPECT_EQ(device->device.private_key, secret);
  EXPECT_EQ(device->device.peers[0].preshared_key, secret);
  EXPECT_EQ(device->device.peers[0].endpoint, made.endpoint);
  EXPECT_EQ(device->device.peers[0].allowed_ips, made.allowed_ips);
}

TEST(WireguardWire, SendsAnIpv4EndpointThatIsWrittenAsIpv6AsIpv4) {
  DeviceChange change;
  change.peers = {peer(1, 0)};
  change.peers[0].endpoint = *Endpoint::parse("[::ffff:192.0.2.1]:51820");
  const auto device = read_back(WireguardWire(30, 5).set(change));
  EXPECT_EQ(device->device.peers[0].endpoint, *Endpoint::parse("192.0.2.1:51820"));
}

TEST(DeviceReader, RefusesWhatIsMalformed) {
  const auto answer = [](const std::function<void(NetlinkMessage&)>& fill) {
    NetlinkMessage message(30, 0);
    message.header(genlmsghdr{});
    const std::size_t peers = message.open(WGDEVICE_A_PEERS);
    const std::size_t one = message.open(0);
    fill(message);
    message.close(one);
    message.close(peers);
    return DeviceReader().add(message.finish(1).subspan(sizeof(nlmsghdr)));
  };
  const ByteVector key(32, 1);
  EXPECT_TRUE(answer([&](NetlinkMessage& m) { m.put(WGPEER_A_PUBLIC_KEY, key); }).has_value());
  EXPECT_FALSE(answer([&](NetlinkMessage&) {}).has_value());  // a peer without a key
  struct Case {
    std::uint16_t attribute;
    std::size_t size;
    const char* complaint;
  };
  for (const Case& row :
       {Case{WGPEER_A_PRESHARED_KEY, 31, "preshared key"}, Case{WGPEER_A_ENDPOINT, 1, "endpoint"},
        Case{WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 4, "keepalive"},
        Case{WGPEER_A_LAST_HANDSHAKE_TIME, 15, "handshake time"},
        Case{WGPEER_A_LAST_HANDSHAKE_TIME, 16, "handshake time"},
        Case{WGPEER_A_RX_BYTES, 4, "count"}, Case{WGPEER_A_ALLOWEDIPS, 3, "allowed IPs"}}) {
    const Status refused = answer([&](NetlinkMessage& m) {
      m.put(WGPEER_A_PUBLIC_KEY, key);
      m.put(row.attribute, ByteVector(row.size, 0xff));
    });
    ASSERT_FALSE(refused.has_value()) << row.complaint;
    EXPECT_NE(refused.error().message().find(row.complaint), std::string::npos)
        << refused.error().message();
  }
  for (const int length : {33, 255}) {
    const Status refused = answer([&](NetlinkMessage& m) {
      m.put(WGPEER_A_PUBLIC_KEY, key);
      const std::size_t list = m.open(WGPEER_A_ALLOWEDIPS);
      const std::size_t one = m.open(0);
      m.put_u16(WGALLOWEDIP_A_FAMILY, 2);
      m.put(WGALLOWEDIP_A_IPADDR, ByteVector(4));
      m.put_u8(WGALLOWEDIP_A_CIDR_MASK, static_cast<std::uint8_t>(length));
      m.close(one);
      m.close(list);
    });
    EXPECT_FALSE(refused.has_value());
  }
}

TEST(DeviceReader, SurvivesAnyDamageToAnAnswer) {
  DeviceChange change;
  for (std::uint32_t i = 0; i < 3; ++i) change.peers.push_back(peer(i, 3));
  std::vector<SetMessage> messages = WireguardWire(30, 5).set(change);
  const ByteView whole = messages.at(0).message.finish(1).subspan(sizeof(nlmsghdr));
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    Rng rng(seed);
    ByteVector answer(whole.begin(), whole.end());
    for (std::uint64_t i = 1 + rng.below(4); i > 0; --i) {
      answer[rng.below(answer.size())] = static_cast<std::uint8_t>(rng.next());
    }
    answer.resize(rng.below(answer.size() + 1));
    DeviceReader reader;
    (void)reader.add(answer);
  }
}

TEST(ReadFamily, FindsTheNumber) {
  NetlinkMessage answer(GENL_ID_CTRL, 0);
  answer.header(genlmsghdr{});
  answer.put_text(CTRL_ATTR_FAMILY_NAME, "wireguard");
  answer.put_u16(CTRL_ATTR_FAMILY_ID, 31);
  EXPECT_EQ(read_family(answer.finish(1).subspan(sizeof(nlmsghdr))), 31);
  EXPECT_FALSE(read_family({}).has_value());
  EXPECT_FALSE(read_family(ByteVector(9)).has_value());
}

}  // namespace
}  // namespace weir
