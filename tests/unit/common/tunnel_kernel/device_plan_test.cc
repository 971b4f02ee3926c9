#include "common/tunnel_kernel/device_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/crypto/x25519.h"
#include "common/sim/rng.h"

namespace weir {
namespace {

using std::chrono::seconds;

constexpr WallTime k_now{seconds(1000000)};

PublicKey key(std::uint8_t number) {
  PublicKey made{};
  made[0] = number;
  return made;
}

IpPrefix prefix(std::uint32_t number) { return IpPrefix::host(IpAddress::v4(0x0a000000 + number)); }
Endpoint endpoint(std::uint32_t number) { return {IpAddress::v4(0xc0000200 + number), 51820}; }

PeerConfig wish(std::uint8_t number) {
  PeerConfig peer;
  peer.public_key = key(number);
  peer.allowed_ips = {prefix(number)};
  peer.endpoint = endpoint(number);
  return peer;
}

DeviceConfig device_of(std::vector<PeerConfig> peers) {
  DeviceConfig config;
  config.peers = std::move(peers);
  return config;
}

/// What the kernel does with a change, as linux/wireguard.h words it.
void carry_out(const DeviceChange& change, KernelDevice& device) {
  if (change.listen_port) device.listen_port = *change.listen_port;
  if (change.fwmark) device.fwmark = *change.fwmark;
  if (change.private_key) {
    device.device.private_key.reset();
    if (!change.private_key->is_zero()) device.device.private_key = change.private_key;
  }
  std::vector<PeerState>& peers = device.device.peers;
  for (const PeerChange& part : change.peers) {
    auto peer = std::ranges::find(peers, part.public_key, &PeerState::public_key);
    if (part.remove) {
      ASSERT_NE(peer, peers.end());
      peers.erase(peer);
      continue;
    }
    ASSERT_EQ(peer == peers.end(), part.create);
    if (part.create) {
      peers.emplace_back().public_key = part.public_key;
      peer = peers.end() - 1;
    }
    if (part.preshared_key) {
      peer->preshared_key.reset();
      if (!part.preshared_key->is_zero()) peer->preshared_key = part.preshared_key;
    }
    if (part.endpoint) peer->endpoint = part.endpoint;
    if (part.persistent_keepalive) peer->persistent_keepalive = *part.persistent_keepalive;
    if (part.replace_allowed_ips) peer->allowed_ips.clear();
    for (const IpPrefix& one : part.allowed_ips) {
      for (PeerState& other : peers) std::erase(other.allowed_ips, one);
      peer->allowed_ips.push_back(one);
    }
  }
}

KernelDevice made_so(const DeviceConfig& config) {
  KernelDevice device;
  carry_out(plan_device(device, config, {}, k_now), device);
  return device;
}

TEST(DevicePlan, ChangesNothingThatIsSoAlready) {
  DeviceConfig config = device_of({wish(1), wish(2)});
  config.listen_port = 51820;
  config.fwmark = 3;
  config.private_key = PrivateKey(X25519KeyPair(PrivateKey()).private_key());
  config.peers[1].preshared_key = config.private_key;
  config.peers[1].persistent_keepalive = seconds(25);
  const KernelDevice device = made_so(config);
  EXPECT_TRUE(plan_device(device, config, asked_by(config), k_now).empty());
  EXPECT_TRUE(plan_device(device, config, {}, k_now).empty());
}

TEST(DevicePlan, NamesOnlyThePeerThatChanges) {
  const DeviceConfig before = device_of({wish(1), wish(2), wish(3)});
  const KernelDevice device = made_so(before);
  DeviceConfig after = before;
  after.peers[1].persistent_keepalive = seconds(5);
  const DeviceChange change = plan_device(device, after, asked_by(before), k_now);
  ASSERT_EQ(change.peers.size(), 1u);
  EXPECT_EQ(change.peers[0].public_key, key(2));
  EXPECT_EQ(change.peers[0].persistent_keepalive, seconds(5));
  EXPECT_FALSE(change.peers[0].endpoint.has_value());
  EXPECT_FALSE(change.peers[0].replace_allowed_ips);
  EXPECT_TRUE(change.peers[0].allowed_ips.empty());
  EXPECT_FALSE(change.listen_port || change.fwmark || change.private_key);
}

TEST(DevicePlan, AddsAPrefixAloneAndReplacesAllWhenOneGoes) {
  const DeviceConfig before = device_of({wish(1)});
  const KernelDevice device = made_so(before);
  DeviceConfig after = before;
  after.peers[0].allowed_ips.push_back(prefix(9));
  DeviceChange change = plan_device(device, after, asked_by(before), k_now);
  ASSERT_EQ(change.peers.size(), 1u);
  EXPECT_FALSE(change.peers[0].replace_allowed_ips);
  EXPECT_EQ(change.peers[0].allowed_ips, std::vector{prefix(9)});
  after.peers[0].allowed_ips = {prefix(9)};
  change = plan_device(device, after, asked_by(before), k_now);
  EXPECT_TRUE(change.peers[0].replace_allowed_ips);
  EXPECT_EQ(change.peers[0].allowed_ips, std::vector{prefix(9)});
}

struct EndpointCase {
  const char* what;
  std::optional<Endpoint> held;
  std::optional<Endpoint> asked_before;
  bool in_this_run;
  std::optional<seconds> shaken_ago;
  bool set;  // to endpoint(1)
};

class DevicePlanEndpoint : public testing::TestWithParam<EndpointCase> {};

TEST_P(DevicePlanEndpoint, IsSetUnlessThePeerRoamedAwayFromIt) {
  const EndpointCase& row = GetParam();
  const DeviceConfig config = device_of({wish(1)});
  KernelDevice device = made_so(config);
  device.device.peers[0].endpoint = row.held;
  if (row.shaken_ago) device.device.peers[0].last_handshake = k_now - *row.shaken_ago;
  AskedEndpoints asked;
  if (row.in_this_run) asked.emplace(key(1), row.asked_before);
  const DeviceChange change = plan_device(device, config, asked, k_now);
  EXPECT_EQ(!change.empty(), row.set);
  if (!change.empty()) EXPECT_EQ(change.peers[0].endpoint, endpoint(1));
}

INSTANTIATE_TEST_SUITE_P(
    Table, DevicePlanEndpoint,
    testing::Values(EndpointCase{"SameAsHeld", endpoint(1), endpoint(1), true, {}, false},
                    EndpointCase{"Roamed", endpoint(7), endpoint(1), true, seconds(1), false},
                    EndpointCase{"NewWish", endpoint(7), endpoint(7), true, seconds(1), true},
                    EndpointCase{"FirstWish", endpoint(7), {}, true, seconds(1), true},
                    EndpointCase{"Lost", {}, endpoint(1), true, {}, true},
                    EndpointCase{"WorksFromBefore", endpoint(7), {}, false, seconds(100), false},
                    EndpointCase{"DeadFromBefore", endpoint(7), {}, false, seconds(181), true},
                    EndpointCase{"NeverWorked", endpoint(7), {}, false, {}, true}),
    [](const auto& row) { return row.param.what; });

TEST(DevicePlan, LeavesNoWishWithoutItsPrefixes) {
  DeviceConfig config = device_of({wish(1), wish(2), wish(3)});
  config.private_key = PrivateKey(X25519KeyPair(PrivateKey()).private_key());
  config.peers[0].allowed_ips = {prefix(5)};
  config.peers[1].allowed_ips = {prefix(5), prefix(6)};
  config.peers[2].public_key = X25519KeyPair(*config.private_key).public_key();
  const auto made = canonical(config);
  ASSERT_EQ(made->peers.size(), 2u);
  EXPECT_TRUE(made->peers[0].allowed_ips.empty());
  EXPECT_EQ(made->peers[1].allowed_ips, (std::vector{prefix(5), prefix(6)}));
}

TEST(DevicePlan, RefusesWhatNoDeviceTakes) {
  DeviceConfig twice = device_of({wish(1), wish(1)});
  DeviceConfig restless = device_of({wish(1)});
  restless.peers[0].persistent_keepalive = seconds(65536);
  DeviceConfig backwards = device_of({wish(1)});
  backwards.peers[0].persistent_keepalive = seconds(-1);
  DeviceConfig wide = device_of({wish(1)});
  wide.peers[0].only_destination = IpAddress();
  wide.peers[0].allowed_ips = {*IpPrefix::parse("10.0.0.0/31")};
  for (const DeviceConfig& config : {twice, restless, backwards, wide}) {
    const auto refused = canonical(config);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Code::invalid_argument);
    EXPECT_NE(refused.error().message().find(to_base64(key(1))), std::string::npos);
  }
}

/// From any state to any wish in one step, and nothing is left to do then.
TEST(DevicePlan, ArrivesInOneStepWhateverThePrefixesDo) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    KernelDevice device;
    AskedEndpoints asked;
    for (int step = 0; step < 8; ++step) {
      DeviceConfig config;
      config.fwmark = static_cast<std::uint32_t>(rng.below(2));
      config.listen_port = static_cast<std::uint16_t>(51820 + rng.below(2));
      for (std::uint8_t peer = 1; peer < 6; ++peer) {
        if (rng.chance(0.4)) continue;
        PeerConfig made = wish(peer);
        made.endpoint = endpoint(static_cast<std::uint32_t>(rng.below(3)));
        made.persistent_keepalive = seconds(rng.below(2));
        made.allowed_ips.clear();
        for (std::uint32_t i = 0; i < 6; ++i) {
          if (rng.chance(0.4)) made.allowed_ips.push_back(prefix(i));
        }
        config.peers.push_back(made);
      }
      const DeviceConfig wanted = *canonical(config);
      carry_out(plan_device(device, wanted, asked, k_now), device);
      asked = asked_by(wanted);
      ASSERT_TRUE(plan_device(device, wanted, asked, k_now).empty()) << "seed " << seed;
      ASSERT_EQ(device.device.peers.size(), wanted.peers.size());
      for (const PeerConfig& peer : wanted.peers) {
        const auto held =
            std::ranges::find(device.device.peers, peer.public_key, &PeerState::public_key);
        ASSERT_NE(held, device.device.peers.end());
        ASSERT_TRUE(std::ranges::is_permutation(held->allowed_ips, peer.allowed_ips))
            << "seed " << seed;
        ASSERT_EQ(held->endpoint, peer.endpoint);
      }
    }
  }
}

}  // namespace
}  // namespace weir
