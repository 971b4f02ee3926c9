#include "common/tunnel/link_config.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <optional>

#include "common/os/fd.h"

namespace weir {
namespace {

InterfaceAddress address(const char* text) {
  const IpPrefix prefix = *IpPrefix::parse(text);
  // IpPrefix clears host bits, an interface's address keeps them.
  const std::string whole(text);
  return {*IpAddress::parse(whole.substr(0, whole.find('/'))), prefix.length()};
}

/// Each test has the loopback interface of a network namespace of its own.
class LinkConfigInNamespace : public testing::Test {
 protected:
  void SetUp() override {
    home_ = Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: no own network namespace";
    auto opened = LinkConfig::open("lo");
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    link_.emplace(std::move(*opened));
  }

  void TearDown() override { ::setns(home_.get(), CLONE_NEWNET); }

  std::vector<InterfaceAddress> addresses() {
    auto found = link_->addresses().value();
    std::erase_if(found, [](const InterfaceAddress& one) { return one.address.is_loopback(); });
    std::ranges::sort(found);
    return found;
  }

  Fd home_;
  std::optional<LinkConfig> link_;
};

TEST_F(LinkConfigInNamespace, SetsWhatItThenReads) {
  ASSERT_FALSE(link_->state()->up);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(link_->set_mtu(1420).has_value());
    ASSERT_TRUE(link_->set_tx_queue_length(48).has_value());
    ASSERT_TRUE(link_->set_up(true).has_value());
    const auto state = link_->state();
    EXPECT_TRUE(state->up);
    EXPECT_EQ(state->mtu, 1420u);
    EXPECT_EQ(state->tx_queue_length, 48u);
  }
  ASSERT_TRUE(link_->set_up(false).has_value());
  EXPECT_FALSE(link_->state()->up);
}

TEST_F(LinkConfigInNamespace, AddsAndRemovesAddressesTwiceAsOnce) {
  for (const char* text : {"10.90.0.1/16", "fd57::1/64"}) {
    ASSERT_TRUE(link_->add_address(address(text)).has_value());
    ASSERT_TRUE(link_->add_address(address(text)).has_value());
  }
  EXPECT_EQ(addresses(), (std::vector{address("10.90.0.1/16"), address("fd57::1/64")}));
  ASSERT_TRUE(link_->remove_address(address("10.90.0.1/16")).has_value());
  ASSERT_TRUE(link_->remove_address(address("10.90.0.1/16")).has_value());
  EXPECT_EQ(addresses(), (std::vector{address("fd57::1/64")}));
}

TEST_F(LinkConfigInNamespace, ChangesThePrefixLengthOfAnAddress) {
  for (const char* text : {"fd57::1/64", "fd57::1/128", "fd57::1/64"}) {
    ASSERT_TRUE(link_->apply({address("127.0.0.1/8"), address(text)}, {}).has_value()) << text;
    EXPECT_EQ(addresses(), (std::vector{address(text)}));
  }
}

TEST_F(LinkConfigInNamespace, KeepsASecondaryAddressWhenItsPrimaryGoes) {
  ASSERT_TRUE(link_->set_up(true).has_value());
  ASSERT_TRUE(link_->add_address(address("10.90.0.1/16")).has_value());
  ASSERT_TRUE(link_->apply({address("10.90.0.2/16")}, {}).has_value());
  EXPECT_EQ(addresses(), (std::vector{address("10.90.0.2/16")}));
}

TEST_F(LinkConfigInNamespace, OwnsTheRoutesItAdded) {
  ASSERT_TRUE(link_->set_up(true).has_value());
  const IpPrefix v4 = *IpPrefix::parse("10.91.0.0/16");
  const IpPrefix v6 = *IpPrefix::parse("fd58::/64");
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(link_->add_route(v4).has_value());
    const Status added = link_->add_route(v6);
    ASSERT_TRUE(added.has_value()) << added.error().message();
  }
  auto routes = link_->routes().value();
  std::ranges::sort(routes);
  EXPECT_EQ(routes, (std::vector{v4, v6}));
  ASSERT_TRUE(link_->apply({}, {v4}).has_value());
  EXPECT_EQ(link_->routes().value(), (std::vector{v4}));
  ASSERT_TRUE(link_->remove_route(v4).has_value());
  ASSERT_TRUE(link_->remove_route(v4).has_value());
  EXPECT_TRUE(link_->routes()->empty());
}

TEST_F(LinkConfigInNamespace, CountsTheKernelsOwnRouteToItsNetworkAsThere) {
  ASSERT_TRUE(link_->set_up(true).has_value());
  ASSERT_TRUE(link_->add_address(address("10.90.0.1/16")).has_value());
  const Status added = link_->add_route(*IpPrefix::parse("10.90.0.0/16"));
  EXPECT_TRUE(added.has_value()) << added.error().message();
}

TEST_F(LinkConfigInNamespace, SaysWhatFailed) {
  const Status refused = link_->set_mtu(0xffffffffU);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message().find("MTU 4294967295"), std::string::npos);
  EXPECT_NE(refused.error().message().find("\"lo\""), std::string::npos);
  const auto missing = LinkConfig::open("weir-none");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code(), Code::not_found);
  EXPECT_FALSE(LinkConfig::open("a-name-that-is-too-long").has_value());
}

}  // namespace
}  // namespace weir
