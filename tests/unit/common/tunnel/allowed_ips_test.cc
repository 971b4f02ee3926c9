#include "common/tunnel/allowed_ips.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"
#include "tests/doubles/linear_table.h"

namespace weir {
namespace {

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
IpPrefix prefix(std::string_view text) { return *IpPrefix::parse(text); }

TEST(AllowedIps, GivesAnAddressToTheLongestPrefix) {
  AllowedIps ips;
  ips.insert(prefix("0.0.0.0/0"), 1);
  ips.insert(prefix("10.0.0.0/8"), 2);
  ips.insert(prefix("10.90.0.0/16"), 3);
  ips.insert(prefix("10.90.0.7/32"), 4);
  ips.insert(prefix("fd00::/8"), 5);
  ips.insert(prefix("fd00::7/128"), 6);
  EXPECT_EQ(ips.find(ip("192.0.2.1")), 1U);
  EXPECT_EQ(ips.find(ip("10.1.1.1")), 2U);
  EXPECT_EQ(ips.find(ip("10.90.255.255")), 3U);
  EXPECT_EQ(ips.find(ip("10.90.0.7")), 4U);
  EXPECT_EQ(ips.find(ip("fd00::8")), 5U);
  EXPECT_EQ(ips.find(ip("fd00::7")), 6U);
  EXPECT_EQ(ips.find(ip("2001:db8::1")), AllowedIps::k_nobody);
}

TEST(AllowedIps, MovesAPrefixToItsLastOwner) {
  AllowedIps ips;
  ips.insert(prefix("10.0.0.0/24"), 1);
  ips.insert(prefix("10.0.0.0/24"), 2);
  EXPECT_EQ(ips.find(ip("10.0.0.1")), 2U);
  EXPECT_EQ(ips.size(), 1U);
  EXPECT_FALSE(ips.erase(prefix("10.0.0.0/24"), 1));
  EXPECT_EQ(ips.find(ip("10.0.0.1")), 2U);
  EXPECT_TRUE(ips.erase(prefix("10.0.0.0/24"), 2));
  EXPECT_EQ(ips.find(ip("10.0.0.1")), AllowedIps::k_nobody);
}

TEST(AllowedIps, ListsAnOwnersPrefixesInOrder) {
  AllowedIps ips;
  for (const auto* text : {"fd00::/64", "10.2.0.0/16", "10.1.0.0/16", "10.1.0.0/24"}) {
    ips.insert(prefix(text), 9);
  }
  ips.insert(prefix("10.1.1.0/24"), 8);
  const std::vector<IpPrefix> expected{prefix("10.1.0.0/16"), prefix("10.1.0.0/24"),
                                       prefix("10.2.0.0/16"), prefix("fd00::/64")};
  EXPECT_EQ(ips.prefixes_of(9), expected);
}

/// Few distinct bits, so that prefixes nest and meet.
IpAddress any_address(Rng& rng) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng.below(3) * 127);
  const std::span<const std::uint8_t, 16> all(bytes);
  return rng.chance(0.5) ? IpAddress::v4(all.first<4>()) : IpAddress::v6(all);
}

IpPrefix any_prefix(Rng& rng) {
  const IpAddress address = any_address(rng);
  const auto bits = static_cast<std::uint64_t>(address.bits());
  return IpPrefix(address, static_cast<int>(rng.below(bits + 1)));
}

TEST(AllowedIps, AgreesWithALinearTable) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    AllowedIps trie;
    LinearTable table;
    for (int step = 0; step < 600; ++step) {
      const IpPrefix chosen = any_prefix(rng);
      const auto owner = static_cast<std::uint32_t>(rng.below(6));
      const std::uint64_t what = rng.below(100);
      if (what < 60) {
        trie.insert(chosen, owner);
        table.insert(chosen, owner);
      } else if (what < 97 && table.size() > 0) {
        auto entry = table.held().begin();
        std::advance(entry, static_cast<std::ptrdiff_t>(rng.below(table.size())));
        const auto [victim, its_owner] = *entry;
        const std::uint32_t by = rng.chance(0.8) ? its_owner : owner;
        EXPECT_EQ(trie.erase(victim, by), table.erase(victim, by));
      } else {
        trie.erase_owner(owner);
        table.erase_owner(owner);
      }
      ASSERT_EQ(trie.size(), table.size());
      for (int i = 0; i < 5; ++i) {
        const IpAddress address = any_address(rng);
        ASSERT_EQ(trie.find(address), table.find(address)) << seed << ' ' << address.to_string();
      }
    }
    const auto all = trie.all();
    ASSERT_EQ(all.size(), table.size());
    for (const auto& held : all) EXPECT_EQ(table.held().at(held.prefix), held.owner);
    for (const auto& [prefix, owner] : table.held()) EXPECT_EQ(trie.holder(prefix), owner);
  }
}

TEST(AllowedIps, KeepsNoNodeOfWhatIsGone) {
  AllowedIps ips;
  Rng rng(3);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 50; ++i) ips.insert(any_prefix(rng), 1);
    ips.erase_owner(1);
    EXPECT_EQ(ips.size(), 0U);
    EXPECT_TRUE(ips.all().empty());
  }
}

}  // namespace
}  // namespace weir
