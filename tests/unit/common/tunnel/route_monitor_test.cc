#include "common/tunnel/route_monitor.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "common/tunnel/link_config.h"

namespace weir {
namespace {

IpPrefix prefix(const char* text) { return *IpPrefix::parse(text); }

TEST(RouteMonitor, TellsWhichDestinationsAreReachedAnotherWay) {
  bool alone = false;
  std::thread visitor([&] {
    alone = ::unshare(CLONE_NEWNET) == 0;
    if (!alone) return;
    auto link = LinkConfig::open("lo");
    ASSERT_TRUE(link.has_value() && link->set_up(true).has_value());
    auto monitor = RouteMonitor::create();
    ASSERT_TRUE(monitor.has_value());
    EXPECT_TRUE(monitor->take_changes().empty());

    const std::vector wanted{prefix("10.5.0.0/16"), prefix("0.0.0.0/0"), prefix("fd05::/64")};
    ASSERT_TRUE(link->apply({}, wanted).has_value());
    const auto came = monitor->take_changes();
    for (const IpPrefix& one : wanted) EXPECT_EQ(std::ranges::count(came, one), 1);
    ASSERT_TRUE(link->apply({}, {}).has_value());
    const auto went = monitor->take_changes();
    for (const IpPrefix& one : wanted) EXPECT_EQ(std::ranges::count(went, one), 1);
    EXPECT_TRUE(monitor->take_changes().empty());

    std::vector<IpPrefix> many;
    for (std::uint32_t i = 0; i < 100; ++i) {
      many.push_back(IpPrefix(IpAddress::v4(0x0a000000U + (i << 8)), 24));
    }
    ASSERT_TRUE(link->apply({}, many).has_value());
    EXPECT_EQ(monitor->take_changes(), (std::vector{prefix("0.0.0.0/0"), prefix("::/0")}));
  });
  visitor.join();
  if (!alone) GTEST_SKIP() << "needs root: no own network namespace";
}

}  // namespace
}  // namespace weir
