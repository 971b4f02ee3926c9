#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/tunnel/messages.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Engines that all know each other on a network that misbehaves, for hours. Watches the wire:
///
///     no nonce twice      (receiver, receiver index, counter) is sent once
///     no plaintext        a marker in every payload is never on the wire
///     no packet twice     each number is delivered at most once
///     liveness            when the faults stop, everybody reaches everybody
class Mesh : public testing::TestWithParam<int> {
 protected:
  Mesh()
      : world_(static_cast<std::uint64_t>(GetParam())),
        rng_(static_cast<std::uint64_t>(1000 + GetParam())) {
    nodes_ = GetParam() % 2 == 0 ? 2 : 3;
    for (std::size_t i = 0; i < nodes_; ++i) world_.add();
    for (std::size_t i = 0; i < nodes_; ++i) {
      for (std::size_t j = i + 1; j < nodes_; ++j) world_.join(i, j);
    }
    world_.keep_wire = false;
    world_.filter = [this](const TunnelWorld::Datagram& datagram) {
      watch(datagram);
      return true;
    };
  }

  void watch(const TunnelWorld::Datagram& datagram) {
    if (datagram.type() != wire::k_data) {
      ++handshake_messages_;
      return;
    }
    const std::uint32_t index = load_le32(datagram.bytes.data() + 4);
    const std::uint64_t counter = load_le64(datagram.bytes.data() + 8);
    EXPECT_TRUE(nonces_.insert({datagram.from, index, counter}).second) << "nonce used twice";
    const std::string_view text = as_text(datagram.bytes);
    EXPECT_EQ(text.find("MARK"), std::string_view::npos);
  }

  /// Numbers hold the marker, who sent and how often.
  void send(std::size_t from, std::size_t to) {
    const std::uint64_t number = 0x4d41524b00000000U + (from << 24) + sent_++;
    world_.send(from, to, number);
  }

  void random_traffic(Duration duration) {
    const Time end = world_.now() + duration;
    while (world_.now() < end) {
      const std::size_t from = rng_.below(nodes_);
      const std::size_t to = (from + 1 + rng_.below(nodes_ - 1)) % nodes_;
      const std::uint64_t burst = 1 + rng_.below(5);
      for (std::uint64_t i = 0; i < burst; ++i) send(from, to);
      // Mostly busy, sometimes idle past every timer.
      const std::uint64_t pause_ms = rng_.chance(0.02) ? rng_.below(700'000) : rng_.below(8000);
      world_.run(milliseconds(pause_ms));
      if (rng_.chance(0.02)) roam(rng_.below(nodes_));
      if (rng_.chance(0.01)) world_.wall_offset += seconds(rng_.below(7200)) - seconds(3600);
    }
  }

  void roam(std::size_t node) {
    const auto host = static_cast<std::uint32_t>(0xc6336400U + rng_.below(200));
    const Endpoint to{IpAddress::v4(host), static_cast<std::uint16_t>(1000 + rng_.below(60000))};
    world_.move(node, to);
    // Somebody has to speak for the others to know; when all moved at once nobody could.
    for (std::size_t other = 0; other < nodes_; ++other) {
      if (other == node) continue;
      PeerUpdate update;
      update.public_key = world_.key(node);
      update.endpoint = to;
      if (rng_.chance(0.5)) {
        ASSERT_TRUE(world_.engine(other)
                        .update_peer(update, world_.now(), world_.output(other))
                        .has_value());
      }
    }
  }

  void expect_no_duplicates() {
    for (std::size_t node = 0; node < nodes_; ++node) {
      std::set<std::uint64_t> seen;
      for (const std::uint64_t number : world_.delivered(node)) {
        EXPECT_TRUE(seen.insert(number).second) << number << " delivered twice";
      }
    }
  }

  /// Everybody sends to everybody; with endpoints as they are now known.
  void expect_liveness() {
    world_.faults = {};
    for (std::size_t i = 0; i < nodes_; ++i) {
      for (std::size_t j = 0; j < nodes_; ++j) {
        if (i == j) continue;
        PeerUpdate update;
        update.public_key = world_.key(j);
        update.endpoint = world_.endpoint(j);
        (void)world_.engine(i).update_peer(update, world_.now(), world_.output(i));
      }
    }
    // One retry of whatever was lost last, and its answer.
    world_.run(seconds(30));
    for (std::size_t i = 0; i < nodes_; ++i) {
      for (std::size_t j = 0; j < nodes_; ++j) {
        if (i == j) continue;
        send(i, j);
        const std::uint64_t number = 0x4d41524b00000000U + (i << 24) + (sent_ - 1);
        world_.run(seconds(7));
        ASSERT_FALSE(world_.delivered(j).empty());
        EXPECT_EQ(world_.delivered(j).back(), number) << i << " to " << j;
      }
    }
  }

  TunnelWorld world_;
  Rng rng_;
  std::size_t nodes_ = 2;
  std::uint64_t sent_ = 0;
  std::uint64_t handshake_messages_ = 0;
  std::set<std::tuple<std::size_t, std::uint32_t, std::uint64_t>> nonces_;
};

TEST_P(Mesh, SurvivesHoursOfFaults) {
  world_.faults.loss = rng_.unit() * 0.4;
  world_.faults.duplicate = rng_.unit() * 0.3;
  world_.faults.delay = milliseconds(1 + rng_.below(300));
  world_.faults.jitter = milliseconds(rng_.below(3000));
  random_traffic(std::chrono::hours(2));
  EXPECT_GT(handshake_messages_, 20U);
  expect_no_duplicates();
  expect_liveness();
  expect_no_duplicates();
}

TEST_P(Mesh, LosesNothingOnAGoodNetworkThroughRekeys) {
  world_.faults.jitter = milliseconds(5);
  for (int i = 0; i < 1800; ++i) {
    send(0, 1);
    send(1, 0);
    world_.run(seconds(1));
  }
  EXPECT_EQ(world_.delivered(1).size(), 1800U);
  EXPECT_EQ(world_.delivered(0).size(), 1800U);
  EXPECT_GE(world_.engine(0).counters().handshakes_completed, 13U);
  EXPECT_LE(world_.engine(0).counters().handshakes_completed, 18U);
  expect_no_duplicates();
}

TEST(TunnelWorld, RepeatsARunForTheSameSeed) {
  const auto run = [] {
    TunnelWorld world(7);
    world.add();
    world.add();
    world.join(0, 1);
    world.faults = {0.2, 0.1, milliseconds(20), milliseconds(400)};
    for (std::uint64_t i = 0; i < 400; ++i) {
      world.send(i % 2, 1 - i % 2, i);
      world.run(seconds(1));
    }
    ByteVector all;
    for (const auto& datagram : world.wire) {
      all.insert(all.end(), datagram.bytes.begin(), datagram.bytes.end());
    }
    return all;
  };
  EXPECT_EQ(run(), run());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Mesh, testing::Range(0, 16));

}  // namespace
}  // namespace weir
