#include "common/tunnel/device.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "common/crypto/x25519.h"
#include "common/os/fd.h"
#include "common/tunnel/link_config.h"

namespace weir {
namespace {

using std::chrono::seconds;

/// Each test has a network namespace of its own; its devices meet on the loopback interface.
class TunnelDeviceInNamespace : public testing::Test {
 protected:
  void SetUp() override {
    home_ = Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: no own network namespace";
    if (::access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/net/tun";
    ASSERT_TRUE(LinkConfig::open("lo")->set_up(true).has_value());
  }
  void TearDown() override { ::setns(home_.get(), CLONE_NEWNET); }

  static std::unique_ptr<TunnelDevice> create(const std::string& interface, EndReport on_end = {}) {
    TunnelOptions options;
    options.interface = interface;
    options.uapi = false;
    options.on_end = std::move(on_end);
    auto made = TunnelDevice::create(std::move(options));
    EXPECT_TRUE(made.has_value()) << made.error().message();
    return made ? std::move(*made) : nullptr;
  }

  /// A device with a new key and one peer.
  static DeviceConfig config_for(const X25519KeyPair& own, const PublicKey& peer_key,
                                 std::string_view allowed) {
    PeerConfig peer;
    peer.public_key = peer_key;
    peer.allowed_ips = {*IpPrefix::parse(allowed)};
    DeviceConfig config;
    config.private_key = own.private_key();
    config.peers = {peer};
    return config;
  }

  SystemKeySource keys_;
  X25519KeyPair left_ = X25519KeyPair::generate(keys_);
  X25519KeyPair right_ = X25519KeyPair::generate(keys_);
  Fd home_;
};

TEST_F(TunnelDeviceInNamespace, ComesUpWithTheInterfaceItPromises) {
  auto device = create("wtd0");
  const auto link = LinkConfig::open("wtd0")->state();
  EXPECT_TRUE(link->up);
  EXPECT_EQ(link->mtu, 1420u);
  EXPECT_EQ(link->tx_queue_length, 500u);
  const auto state = device->state();
  EXPECT_NE(state->listen_port, 0);
  EXPECT_FALSE(state->public_key.has_value());
  device.reset();
  EXPECT_FALSE(LinkConfig::open("wtd0").has_value());
}

TEST_F(TunnelDeviceInNamespace, ShakesHandsWithAnother) {
  auto one = create("wtd0");
  auto two = create("wtd1");
  DeviceConfig to_two = config_for(left_, right_.public_key(), "10.0.0.2/32");
  to_two.peers[0].endpoint = Endpoint{*IpAddress::parse("127.0.0.1"), two->state()->listen_port};
  to_two.peers[0].persistent_keepalive = seconds(1);
  ASSERT_TRUE(two->apply(config_for(right_, left_.public_key(), "10.0.0.1/32")).has_value());
  ASSERT_TRUE(one->apply(to_two).has_value());

  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  const auto met = [](const TunnelDevice& device) {
    return device.state()->device.peers.at(0).last_handshake.has_value();
  };
  while (!(met(*one) && met(*two)) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(met(*one));
  EXPECT_TRUE(met(*two));
  EXPECT_EQ(two->state()->device.peers.at(0).endpoint->port, one->state()->listen_port);
  EXPECT_GE(one->counters().datagrams_sent, 1u);
}

TEST_F(TunnelDeviceInNamespace, AppliesTheWholeStateByDifference) {
  auto device = create("wtd0");
  DeviceConfig config = config_for(left_, right_.public_key(), "10.0.0.2/32");
  ASSERT_TRUE(device->apply(config).has_value());
  const auto first = device->state();
  ASSERT_TRUE(device->apply(config).has_value());
  EXPECT_EQ(device->state()->listen_port, first->listen_port);
  ASSERT_EQ(first->device.peers.size(), 1u);
  EXPECT_EQ(first->public_key, left_.public_key());

  config.peers.clear();
  ASSERT_TRUE(device->apply(config).has_value());
  EXPECT_TRUE(device->state()->device.peers.empty());
}

TEST_F(TunnelDeviceInNamespace, KeepsEverythingWhenThePortIsTaken) {
  auto holder = create("wtd0");
  auto device = create("wtd1");
  const auto before = device->state();
  DeviceConfig config = config_for(left_, right_.public_key(), "10.0.0.2/32");
  config.listen_port = holder->state()->listen_port;
  const Status refused = device->apply(config);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::already_exists);
  EXPECT_EQ(device->state()->listen_port, before->listen_port);
  EXPECT_TRUE(device->state()->device.peers.empty());
}

TEST_F(TunnelDeviceInNamespace, GoesBackToItsPortWhenTheEngineRefuses) {
  auto device = create("wtd0");
  const auto before = device->state();
  DeviceConfig config = config_for(left_, right_.public_key(), "10.0.0.2/32");
  config.peers.push_back(config.peers[0]);
  config.fwmark = 5;
  auto other = create("wtd1");
  config.listen_port = other->state()->listen_port;
  other.reset();
  const Status refused = device->apply(config);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  EXPECT_EQ(device->state()->listen_port, before->listen_port);
  EXPECT_EQ(device->state()->fwmark, 0u);
}

TEST_F(TunnelDeviceInNamespace, TakesCallsFromManyThreads) {
  auto device = create("wtd0");
  std::vector<std::thread> callers;
  for (std::uint16_t i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        DeviceConfig config = config_for(left_, right_.public_key(), "10.0.0.2/32");
        config.fwmark = i;
        EXPECT_TRUE(device->apply(config).has_value());
        EXPECT_EQ(device->state()->device.peers.size(), 1u);
        device->counters();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(TunnelDeviceInNamespace, RunsPostedJobsOnItsWorkerAndKeepsFew) {
  auto device = create("wtd0");
  std::promise<std::thread::id> ran;
  ASSERT_TRUE(device->post([&] { ran.set_value(std::this_thread::get_id()); }));
  auto worker = ran.get_future();
  ASSERT_EQ(worker.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_NE(worker.get(), std::this_thread::get_id());

  std::promise<void> held;
  std::promise<void> release;
  std::atomic<int> done = 0;
  ASSERT_TRUE(device->post([&] {
    held.set_value();
    release.get_future().wait();
  }));
  held.get_future().wait();
  int taken = 0;
  while (taken < 1000 && device->post([&] { ++done; })) ++taken;
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, 100);
  release.set_value();
  ASSERT_TRUE(device->state().has_value());  // behind them in the queue
  EXPECT_EQ(done, taken);
}

TEST_F(TunnelDeviceInNamespace, TellsOnceThatItsInterfaceWasRemovedAndRefusesCallsThen) {
  std::promise<std::string> ended;
  auto device = create("wtd0", [&](const std::string& why) { ended.set_value(why); });
  ASSERT_EQ(std::system("ip link del wtd0"), 0);
  auto told = ended.get_future();
  ASSERT_EQ(told.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_NE(told.get().find("removed"), std::string::npos);
  const Status refused = device->apply({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_FALSE(device->state().has_value());
  EXPECT_FALSE(device->post([] {}));
}

TEST_F(TunnelDeviceInNamespace, SaysWhatItCannotMake) {
  auto device = create("wtd0");
  for (const auto& [name, mtu, code] : {std::tuple("wtd0", 1420U, Code::already_exists),
                                        std::tuple("lo", 1420U, Code::already_exists),
                                        std::tuple("a/b", 1420U, Code::invalid_argument),
                                        std::tuple("", 1420U, Code::invalid_argument),
                                        std::tuple("wtd1", 100U, Code::invalid_argument)}) {
    TunnelOptions options;
    options.interface = name;
    options.mtu = mtu;
    options.uapi = false;
    const auto made = TunnelDevice::create(std::move(options));
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().code(), code) << made.error().message();
  }
}

}  // namespace
}  // namespace weir
