#include "netlab/hub.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/sim/rng.h"

namespace weir::netlab {
namespace {

using std::chrono::milliseconds;

Topology lab(std::string_view links) {
  auto parsed = parse_topology(
      "name: t\nnodes:\n"
      "  a: {addresses: [10.0.0.1/24]}\n"
      "  b: {addresses: [10.0.0.2/24, 10.1.0.2/24, 'fd00::2/64']}\n"
      "  c: {addresses: [10.0.0.3/24]}\n" +
      std::string(links));
  EXPECT_TRUE(parsed.has_value()) << parsed.error().message();
  return *parsed;
}

const std::string k_mesh = "default: {delay: 10ms}\n";

ByteVector packet_to(std::string_view address, std::size_t size = 100) {
  const IpAddress to = *IpAddress::parse(address);
  ByteVector packet(size);
  packet[0] = to.is_v4() ? 0x45 : 0x60;
  std::ranges::copy(to.bytes(), packet.begin() + (to.is_v4() ? 16 : 24));
  return packet;
}

Time at(Duration since_start) { return Time(since_start); }

/// Node indices in the order in which packets reached them until `until`.
std::vector<std::size_t> arrivals(Hub& hub, Time until) {
  std::vector<std::size_t> nodes;
  while (const auto delivery = hub.take_due(until)) nodes.push_back(delivery->node);
  return nodes;
}

void command(Hub& hub, std::string_view line) {
  const auto parsed = parse_command(line);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  std::visit(
      [&](const auto& chosen) {
        if constexpr (requires { hub.apply(chosen); }) {
          const Status done = hub.apply(chosen);
          ASSERT_TRUE(done.has_value()) << done.error().message();
        }
      },
      *parsed);
}

TEST(Hub, RoutesByEveryAddressOfANode) {
  Hub hub(lab(k_mesh));
  for (const char* address : {"10.0.0.2", "10.1.0.2", "fd00::2"}) {
    ASSERT_TRUE(hub.accept(0, packet_to(address), at(milliseconds(0)))) << address;
  }
  EXPECT_EQ(arrivals(hub, at(milliseconds(10))), (std::vector<std::size_t>{1, 1, 1}));
}

TEST(Hub, HoldsAPacketUntilItIsDue) {
  Hub hub(lab(k_mesh));
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(5)));
  EXPECT_EQ(hub.next_due(), at(milliseconds(15)));
  EXPECT_FALSE(hub.take_due(at(milliseconds(15) - Duration(1))));
  const auto delivery = hub.take_due(at(milliseconds(15)));
  ASSERT_TRUE(delivery);
  EXPECT_EQ(ByteVector(delivery->packet.begin(), delivery->packet.end()), packet_to("10.0.0.2"));
  EXPECT_FALSE(hub.next_due());
}

TEST(Hub, CountsWhatHasNoWay) {
  Hub hub(lab("links: [{from: a, to: b}]\n"));
  EXPECT_FALSE(hub.accept(0, packet_to("10.0.0.3"), at(milliseconds(0))));  // no link
  EXPECT_FALSE(hub.accept(0, packet_to("10.9.9.9"), at(milliseconds(0))));  // nobody's
  EXPECT_FALSE(hub.accept(0, ByteVector{0x45, 0}, at(milliseconds(0))));    // no packet
  EXPECT_FALSE(hub.accept(1, packet_to("10.0.0.1"), at(milliseconds(0))));  // other direction
  EXPECT_EQ(hub.unroutable(0), 3U);
  EXPECT_EQ(hub.unroutable(1), 1U);
}

TEST(Hub, DropsWhatIsInFlightWhenALinkIsCut) {
  Hub hub(lab(k_mesh));
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(0)));
  hub.accept(0, packet_to("10.0.0.3"), at(milliseconds(1)));
  command(hub, "cut a b one");
  command(hub, "heal a b");  // healed before it would have arrived: it is gone all the same
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(2)));
  EXPECT_EQ(arrivals(hub, at(milliseconds(50))), (std::vector<std::size_t>{2, 1}));
}

TEST(Hub, ForgetsTheOrderOfWhatACutHasDropped) {
  Hub hub(lab("default: {delay: 10s}\n"));
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(0)));  // due after ten seconds
  command(hub, "cut a b one");
  command(hub, "heal a b");
  command(hub, "set a b one delay=10ms");
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(100)));
  EXPECT_EQ(arrivals(hub, at(milliseconds(110))), std::vector<std::size_t>{1})
      << "it does not wait behind a packet that will never arrive";
}

TEST(Hub, CutsOneDirectionOrBoth) {
  for (const bool both : {false, true}) {
    Hub hub(lab(k_mesh));
    command(hub, both ? "cut a b both" : "cut a b one");
    hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(0)));
    hub.accept(1, packet_to("10.0.0.1"), at(milliseconds(0)));
    const auto expected = both ? std::vector<std::size_t>{} : std::vector<std::size_t>{0};
    EXPECT_EQ(arrivals(hub, at(milliseconds(50))), expected);
  }
}

TEST(Hub, IsolatesANodeAndOnlyIt) {
  Hub hub(lab(k_mesh));
  command(hub, "isolate b");
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(0)));
  hub.accept(1, packet_to("10.0.0.3"), at(milliseconds(0)));
  hub.accept(0, packet_to("10.0.0.3"), at(milliseconds(0)));
  EXPECT_EQ(arrivals(hub, at(milliseconds(50))), (std::vector<std::size_t>{2}));
}

TEST(Hub, HealsBackToTheTopology) {
  Hub hub(lab(k_mesh));
  command(hub, "set a b both delay=99ms loss=50%");
  command(hub, "isolate a");
  EXPECT_EQ(hub.settings(0).delay, milliseconds(99));
  command(hub, "heal");
  EXPECT_EQ(hub.settings(0), lab(k_mesh).links[0].settings);
  EXPECT_FALSE(hub.is_cut(0));
}

TEST(Hub, HealsOnlyThePairThatWasNamed) {
  Hub hub(lab(k_mesh));
  command(hub, "isolate a");
  command(hub, "heal a b");
  hub.accept(0, packet_to("10.0.0.2"), at(milliseconds(0)));
  hub.accept(0, packet_to("10.0.0.3"), at(milliseconds(0)));
  EXPECT_EQ(arrivals(hub, at(milliseconds(50))), (std::vector<std::size_t>{1}));
}

TEST(Hub, RefusesUnknownNodesAndLinksAndChangesNothing) {
  Hub hub(lab("links: [{from: a, to: b}]\n"));
  EXPECT_EQ(hub.apply(CutCommand{{"a", "z", false}}).error().code(), Code::not_found);
  EXPECT_EQ(hub.apply(CutCommand{{"b", "a", false}}).error().code(), Code::not_found);
  EXPECT_EQ(hub.apply(IsolateCommand{"z"}).error().code(), Code::not_found);
  EXPECT_EQ(hub.apply(HealCommand{"a", "z"}).error().code(), Code::not_found);
  EXPECT_FALSE(hub.is_cut(0));
}

TEST(Hub, AccountsForEveryPacketUnderRandomTrafficAndCommands) {
  const std::vector<std::string> commands = {
      "cut a b one", "heal",     "isolate c",    "set a b both loss=20% duplicate=30% corrupt=10%",
      "heal a b",    "heal b c", "cut b c both", "set b c one rate=1mbit queue=5ms jitter=8ms"};
  const std::vector<std::string> addresses = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Hub hub(lab(k_mesh));
    std::uint64_t delivered = 0;
    Time last{};
    for (int step = 0; step < 3000; ++step) {
      const Time now = at(std::chrono::microseconds(200) * step);
      if (rng.chance(0.01)) command(hub, commands[rng.below(commands.size())]);
      const std::size_t from = rng.below(3);
      hub.accept(from, packet_to(addresses[rng.below(3)], 40 + rng.below(1400)), now);
      while (const auto next = hub.next_due()) {
        if (*next > now) break;
        ASSERT_GE(*next, last);
        last = *next;
        const auto delivery = hub.take_due(now);
        if (!delivery) break;
        if (rng.chance(0.05)) {
          hub.refuse(*delivery);
        } else {
          ++delivered;
        }
      }
    }
    std::uint64_t counted = 0;
    for (std::size_t link = 0; link < hub.link_count(); ++link) {
      const LinkCounters& c = hub.counters(link);
      EXPECT_EQ(c.offered + c.duplicated,
                c.delivered + c.lost + c.queue_full + c.cut + c.overflow + c.refused + c.in_flight);
      counted += c.delivered;
    }
    EXPECT_EQ(counted, delivered);
  }
}

TEST(Hub, DropsAndCountsAboveItsMemoryLimit) {
  Hub hub(lab("default: {delay: 60s}\n"));
  const ByteVector big = packet_to("10.0.0.2", 65535);
  const std::size_t fitting = Hub::k_held_bytes_max / big.size();
  for (std::size_t i = 0; i < fitting + 10; ++i) hub.accept(0, big, at(milliseconds(0)));
  EXPECT_EQ(hub.counters(0).in_flight, fitting);
  EXPECT_EQ(hub.counters(0).overflow, 10U);
}

TEST(Hub, ShowsItsStateAsOneLineOfJson) {
  Hub hub(lab(k_mesh));
  command(hub, "cut a b one");
  const std::string json = show_json(hub);
  EXPECT_EQ(json.find('\n'), json.npos);
  EXPECT_NE(json.find(R"("from":"a","to":"b","cut":true,"delay_ms":1E1)"), json.npos) << json;
}

}  // namespace
}  // namespace weir::netlab
