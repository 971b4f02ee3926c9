#include "controller/ipam/address_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

AgentId agent(std::uint64_t number) { return AgentId("r/agent-" + std::to_string(number)); }
IpAddress ip(const char* text) { return *IpAddress::parse(text); }

struct PrefixCase {
  const char* name;
  const char* text;
  const char* complaint;  // nullptr: accepted
};
class AddressPoolPrefix : public testing::TestWithParam<PrefixCase> {};

TEST_P(AddressPoolPrefix, IsAcceptedOrExplained) {
  const auto pool = AddressPool::create(GetParam().text);
  if (GetParam().complaint == nullptr) {
    ASSERT_TRUE(pool.has_value()) << pool.error().message();
    EXPECT_EQ(pool->prefix().to_string(), GetParam().text);
    return;
  }
  ASSERT_FALSE(pool.has_value());
  EXPECT_EQ(pool.error().code(), Code::invalid_argument);
  EXPECT_NE(pool.error().message().find(GetParam().complaint), std::string::npos)
      << pool.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, AddressPoolPrefix,
    testing::Values(PrefixCase{"Typical", "10.90.0.0/16", nullptr},
                    PrefixCase{"SmallestLegal", "10.90.0.0/30", nullptr},
                    PrefixCase{"LargestLegal", "10.0.0.0/8", nullptr},
                    PrefixCase{"Word", "overlay", "is not a.b.c.d/len"},
                    PrefixCase{"Empty", "", "is not a.b.c.d/len"},
                    PrefixCase{"NoLength", "10.90.0.0", "is not a.b.c.d/len"},
                    PrefixCase{"Ipv6", "fd00::/64", "is not a.b.c.d/len"},
                    PrefixCase{"LengthAbove32", "10.90.0.0/33", "is not a.b.c.d/len"},
                    PrefixCase{"TooShort", "0.0.0.0/0", "between 8 and 30"},
                    PrefixCase{"TooLong", "10.90.0.0/31", "between 8 and 30"},
                    PrefixCase{"HostBits", "10.90.0.7/16", "did you mean 10.90.0.0/16"}),
    [](const auto& row) { return row.param.name; });

TEST(AddressPool, GivesARetriedEnrolmentTheSameAddress) {
  auto pool = *AddressPool::create("10.90.0.0/16");
  EXPECT_EQ(pool.controller_address(), ip("10.90.0.1"));
  EXPECT_EQ(*pool.allocate(agent(1)), ip("10.90.0.2"));
  EXPECT_EQ(*pool.allocate(agent(2)), ip("10.90.0.3"));
  EXPECT_EQ(*pool.allocate(agent(1)), ip("10.90.0.2"));
  EXPECT_EQ(pool.find(agent(2)), ip("10.90.0.3"));
  EXPECT_EQ(pool.find(agent(3)), std::nullopt);
}

TEST(AddressPool, GrantsEveryAddressOnceAndThenSaysItIsFull) {
  auto pool = *AddressPool::create("10.0.0.0/28");
  std::set<IpAddress> granted;
  for (std::uint64_t i = 0; i < pool.capacity(); ++i) granted.insert(*pool.allocate(agent(i)));
  EXPECT_EQ(granted.size(), 13U);
  EXPECT_EQ(*granted.begin(), ip("10.0.0.2"));
  EXPECT_EQ(*granted.rbegin(), ip("10.0.0.14"));
  const auto refused = pool.allocate(agent(99));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::resource_exhausted);
  pool.release(agent(5));
  EXPECT_TRUE(pool.allocate(agent(99)));
}

TEST(AddressPool, LetsAReleasedAddressRest) {
  auto pool = *AddressPool::create("10.0.0.0/29");  // 10.0.0.2 to .6
  for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(pool.allocate(agent(i)));
  pool.release(agent(2));
  pool.release(agent(1));
  pool.release(agent(77));
  EXPECT_EQ(*pool.allocate(agent(4)), ip("10.0.0.5"));
  EXPECT_EQ(*pool.allocate(agent(5)), ip("10.0.0.6"));
  EXPECT_EQ(*pool.allocate(agent(6)), ip("10.0.0.3")) << "released first";
  EXPECT_EQ(*pool.allocate(agent(7)), ip("10.0.0.2"));
}

TEST(AddressPool, RefusesStoredGrantsThatDoNotFit) {
  auto pool = *AddressPool::create("10.90.0.0/24");
  ASSERT_TRUE(pool.restore(agent(1), ip("10.90.0.9")));
  EXPECT_TRUE(pool.restore(agent(1), ip("10.90.0.9")));
  EXPECT_EQ(pool.restore(agent(2), ip("10.90.0.9")).error().code(), Code::already_exists);
  EXPECT_EQ(pool.restore(agent(1), ip("10.90.0.10")).error().code(), Code::already_exists);
  for (const char* bad : {"10.90.0.0", "10.90.0.1", "10.90.0.255", "10.91.0.9", "fd00::9"}) {
    EXPECT_EQ(pool.restore(agent(3), ip(bad)).error().code(), Code::out_of_range) << bad;
  }
  EXPECT_EQ(pool.granted(), 1U);
  EXPECT_EQ(*pool.allocate(agent(4)), ip("10.90.0.10"));
}

TEST(AddressPool, KeepsOneHolderPerAddressOverAnyHistory) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    auto pool = *AddressPool::create("10.0.0.0/27");
    std::map<AgentId, IpAddress> model;
    for (int step = 0; step < 400; ++step) {
      const AgentId who = agent(rng.below(40));
      if (rng.chance(0.55)) {
        const auto address = pool.allocate(who);
        if (!address) {
          ASSERT_EQ(model.size(), pool.capacity());
          ASSERT_FALSE(model.contains(who));
          continue;
        }
        ASSERT_TRUE(pool.prefix().contains(*address));
        ASSERT_NE(*address, pool.controller_address());
        if (model.contains(who)) {
          ASSERT_EQ(model[who], *address);
        } else {
          for (const auto& [other, held] : model) ASSERT_NE(held, *address);
          model[who] = *address;
        }
      } else if (rng.chance(0.9)) {
        pool.release(who);
        model.erase(who);
      } else {
        // A restart: the stored grants are replayed.
        pool = *AddressPool::create("10.0.0.0/27");
        for (const auto& [holder, held] : model) ASSERT_TRUE(pool.restore(holder, held));
      }
      ASSERT_EQ(pool.granted(), model.size());
    }
  }
}

}  // namespace
}  // namespace weir::controller
