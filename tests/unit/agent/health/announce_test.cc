#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "agent/health/announce_inbox.h"
#include "agent/health/announcer.h"
#include "common/sim/rng.h"
#include "tests/doubles/sim_clock.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time k_start{std::chrono::hours(1)};
const OverlayPeer k_peer{AgentId("b/agent-1"), RegionName("b"), IpAddress::v4(0x0a5a0003)};

ServiceHealth service(const std::string& name, std::uint32_t healthy, std::uint32_t endpoints) {
  return {ServiceName(name), healthy, endpoints};
}

std::vector<ServiceHealth> many(int count) {
  std::vector<ServiceHealth> services;
  for (int i = 0; i < count; ++i) services.push_back(service("shop/s" + std::to_string(i), 1, 2));
  return services;
}

TEST(Announcement, IsReadAsItWasWritten) {
  for (const int count : {0, 1, 50, 51, 4096}) {
    const auto services = many(count);
    const auto datagrams = encode_announcement(7, 9, services);
    std::vector<ServiceHealth> read;
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      EXPECT_LE(datagrams[i].size(), k_announce_datagram_max);
      const auto part = parse_announcement(datagrams[i]);
      ASSERT_TRUE(part.has_value()) << part.error().message();
      EXPECT_EQ(part->boot_id, 7U);
      EXPECT_EQ(part->sequence, 9U);
      EXPECT_EQ(part->part, i);
      EXPECT_EQ(part->parts, datagrams.size());
      read.insert(read.end(), part->services.begin(), part->services.end());
    }
    EXPECT_EQ(read, services);
  }
}

TEST(Announcement, IsRefusedWhenAnyByteIsMissingOrTooMuch) {
  ByteVector datagram = encode_announcement(7, 9, {service("shop/web", 1, 2)})[0];
  ASSERT_TRUE(parse_announcement(datagram).has_value());
  for (std::size_t length = 0; length < datagram.size(); ++length) {
    EXPECT_FALSE(parse_announcement(ByteView(datagram).first(length)).has_value()) << length;
  }
  ByteVector longer = datagram;
  longer.push_back(0);
  EXPECT_FALSE(parse_announcement(longer).has_value());
  ByteVector more_healthy = datagram;
  more_healthy[more_healthy.size() - 5] = 9;
  EXPECT_FALSE(parse_announcement(more_healthy).has_value());
  ByteVector bad_name = datagram;
  bad_name[27] = '\n';
  EXPECT_FALSE(parse_announcement(bad_name).has_value());
}

TEST(SumUp, CountsPerService) {
  const auto state = [](const char* name, bool healthy) {
    EndpointState s;
    s.service = ServiceName(name);
    s.healthy = healthy;
    return s;
  };
  const auto sums = sum_up({state("a/x", true), state("b/y", false), state("a/x", false)});
  EXPECT_EQ(sums, (std::vector<ServiceHealth>{service("a/x", 1, 2), service("b/y", 0, 1)}));
}

class Inbox : public testing::Test {
 protected:
  Inbox() { inbox_.set_peers({&k_peer, 1}); }

  bool hear(std::uint64_t boot, std::uint64_t sequence, const std::vector<ServiceHealth>& services,
            Time now = k_start) {
    bool news = false;
    for (const auto& datagram : encode_announcement(boot, sequence, services)) {
      news |= inbox_.on_part(k_peer.overlay, *parse_announcement(datagram), now).has_value();
    }
    return news;
  }
  double share(const std::string& name) const {
    for (const RegionHealth& health : inbox_.said_by(k_peer.agent)) {
      if (health.service.value() == name) return health.healthy_share.value();
    }
    return -1;
  }

  AnnounceInbox inbox_{seconds(5)};
};

TEST_F(Inbox, TellsOnlyNews) {
  EXPECT_TRUE(hear(1, 1, {service("a/x", 1, 2)}));
  EXPECT_FALSE(hear(1, 1, {service("a/x", 1, 2)}));
  EXPECT_FALSE(hear(1, 2, {service("a/x", 1, 2)}));
  EXPECT_TRUE(hear(1, 3, {service("a/x", 2, 2)}));
  EXPECT_EQ(share("a/x"), 1);
  EXPECT_TRUE(hear(1, 4, {}));
  EXPECT_TRUE(inbox_.said_by(k_peer.agent).empty());
}

TEST_F(Inbox, TheNewestWordWinsInWhateverOrderItComes) {
  hear(1, 5, {service("a/x", 0, 2)});
  EXPECT_FALSE(hear(1, 4, {service("a/x", 2, 2), service("a/y", 1, 1)}));
  EXPECT_EQ(share("a/x"), 0);
  EXPECT_EQ(share("a/y"), -1);
}

TEST_F(Inbox, ARestartedAgentCountsAndItsOlderSelfDoesNot) {
  hear(100, 500, {service("a/x", 2, 2), service("a/y", 1, 1)});
  EXPECT_TRUE(hear(200, 1, {service("a/x", 1, 2)}));
  EXPECT_EQ(share("a/x"), 0.5);
  EXPECT_EQ(share("a/y"), -1);
  EXPECT_FALSE(hear(100, 501, {service("a/x", 2, 2)}));
  EXPECT_EQ(inbox_.refused(), 1U);
  // Its clock went back: heard again after two seconds of silence.
  EXPECT_TRUE(hear(50, 1, {service("a/x", 2, 2)}, k_start + seconds(2)));
}

TEST_F(Inbox, PartsCountAtOnceButNothingIsDroppedBeforeAllAreThere) {
  hear(1, 1, many(200));
  auto changed = many(200);
  changed[0].healthy = 0;
  changed.erase(changed.begin() + 150);
  const auto parts = encode_announcement(1, 2, changed);
  ASSERT_GE(parts.size(), 3U);
  EXPECT_TRUE(inbox_.on_part(k_peer.overlay, *parse_announcement(parts[0]), k_start));
  EXPECT_EQ(share("shop/s0"), 0);
  EXPECT_EQ(share("shop/s150"), 0.5);
  for (std::size_t i = parts.size() - 1; i > 0; --i) {
    EXPECT_EQ(share("shop/s150"), 0.5);
    inbox_.on_part(k_peer.overlay, *parse_announcement(parts[i]), k_start);
  }
  EXPECT_EQ(share("shop/s150"), -1);
  EXPECT_EQ(inbox_.said_by(k_peer.agent).size(), 199U);
}

TEST_F(Inbox, ConvergesUnderLossReorderingAndDuplication) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    AnnounceInbox inbox{seconds(5)};
    inbox.set_peers({&k_peer, 1});
    std::vector<std::pair<std::uint64_t, ByteVector>> flying;
    std::vector<ServiceHealth> now_true;
    for (std::uint64_t sequence = 1; sequence <= 40; ++sequence) {
      if (sequence < 30) {
        now_true = many(static_cast<int>(rng.below(150)));
        for (auto& one : now_true) one.healthy = static_cast<std::uint32_t>(rng.below(3));
      }
      for (auto& datagram : encode_announcement(1, sequence, now_true)) {
        const int copies = rng.chance(0.3) ? 0 : rng.chance(0.2) ? 2 : 1;
        for (int i = 0; i < copies; ++i)
          flying.emplace_back(sequence * 4 + rng.below(20), datagram);
      }
    }
    std::ranges::sort(flying);
    for (const auto& [when, datagram] : flying) {
      inbox.on_part(k_peer.overlay, *parse_announcement(datagram), k_start);
    }
    const auto said = inbox.said_by(k_peer.agent);
    for (const RegionHealth& health : said) {
      const auto truth = std::ranges::find(now_true, health.service, &ServiceHealth::service);
      if (truth == now_true.end()) continue;  // all parts of no list since may have come
      EXPECT_EQ(health.healthy_share.value(), truth->healthy / 2.0) << "seed " << seed;
    }
    EXPECT_GE(said.size(), now_true.size());
  }
}

TEST_F(Inbox, ForgetsTheSilentAndTheRemoved) {
  hear(1, 1, {service("a/x", 1, 1)});
  EXPECT_TRUE(inbox_.on_timer(k_start + milliseconds(4900)).empty());
  EXPECT_EQ(inbox_.on_timer(k_start + seconds(5)), std::vector<AgentId>{k_peer.agent});
  EXPECT_TRUE(inbox_.on_timer(k_start + seconds(6)).empty());
  EXPECT_TRUE(hear(1, 2, {service("a/x", 1, 1)}));
  EXPECT_EQ(inbox_.set_peers({}), std::vector<AgentId>{k_peer.agent});
  EXPECT_FALSE(hear(1, 3, {service("a/x", 1, 1)}));
  EXPECT_EQ(inbox_.refused(), 1U);
}

TEST(Announcer, TellsItsPeersAtOnceAndIsForgottenWhenSilent) {
  asio::io_context context;
  SystemClock clock;
  const IpAddress a = IpAddress::v4(0x7f4d0101);
  const IpAddress b = IpAddress::v4(0x7f4d0102);
  std::uint16_t port = 0;
  {
    asio::ip::udp::socket probe(context, {asio::ip::address_v4(0x7f4d0101), 0});
    port = probe.local_endpoint().port();
  }
  std::vector<RegionHealth> heard;
  int forgotten = 0;
  Announcer::Options options;
  options.port = port;
  options.forget_after = milliseconds(600);
  options.boot_id = 1;
  options.address = a;
  Announcer at_a(context.get_executor(), clock, options, [](const AgentId&, const auto&) {});
  options.address = b;
  Announcer at_b(context.get_executor(), clock, options,
                 [&](const AgentId& agent, const auto& said) {
                   EXPECT_EQ(agent, AgentId("a/agent-1"));
                   heard = said;
                   if (said.empty()) ++forgotten;
                 });
  const auto peers = [](const char* agent, const char* region, const IpAddress& address) {
    return std::make_shared<const std::vector<OverlayPeer>>(
        std::vector<OverlayPeer>{{AgentId(agent), RegionName(region), address}});
  };
  at_a.set_peers(peers("b/agent-1", "b", b));
  at_b.set_peers(peers("a/agent-1", "a", a));
  at_a.set_local({service("shop/web", 2, 2)});
  at_a.start();
  at_b.start();
  const auto run_until = [&](const auto& done) {
    for (int i = 0; i < 500 && !done(); ++i) {
      context.restart();
      context.run_for(milliseconds(20));
    }
    return done();
  };
  ASSERT_TRUE(run_until([&] { return heard.size() == 1; }));
  EXPECT_EQ(heard[0].region, RegionName("a"));
  at_a.set_local({service("shop/web", 1, 2)});
  const Time changed = clock.now();
  ASSERT_TRUE(run_until([&] { return heard[0].healthy_share.value() == 0.5; }));
  RecordProperty("change_heard_us",
                 static_cast<int>((clock.now() - changed) / std::chrono::microseconds(1)));
  at_a.stop();
  EXPECT_TRUE(run_until([&] { return forgotten == 1; }));
  at_b.stop();
  context.restart();
  context.run();
}

}  // namespace
}  // namespace weir::agent
