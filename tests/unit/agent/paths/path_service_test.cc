#include "agent/paths/path_service.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "agent/paths/udp_socket.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Collects what a service tells from its thread, and lets the test wait for it.
class Told {
 public:
  PathService::Callbacks callbacks() {
    return {
        [this](const PathEvent& event) { add(event.to.value() + (event.up ? " up" : " down")); },
        [this](bool isolated) { add(isolated ? "isolated" : "not isolated"); }};
  }

  void add(std::string what) {
    const std::lock_guard lock(mu_);
    told_.push_back(std::move(what));
    changed_.notify_all();
  }

  bool wait_for(const std::string& what) {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, seconds(10), [&] {
      return std::find(told_.begin(), told_.end(), what) != told_.end();
    });
  }

  void clear() {
    const std::lock_guard lock(mu_);
    told_.clear();
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  std::vector<std::string> told_;
};

/// Two agents on addresses of the loopback network, with ports that were free a moment ago.
class PathServicePair : public testing::Test {
 protected:
  PathServicePair() {
    const auto hello = UdpSocket::open({a_, 0}, "");
    const auto stamp = UdpSocket::open({a_, 0}, "");
    hello_port_ = hello->local().port;
    stamp_port_ = stamp->local().port;
  }

  std::unique_ptr<PathService> make(const IpAddress& address, std::uint32_t boot_id, Told& told) {
    PathOptions options;
    options.address = address;
    options.boot_id = boot_id;
    options.stamp_per_second = 100;
    options.hello_port = hello_port_;
    options.stamp_port = stamp_port_;
    options.realtime_priority = 0;
    options.mtu = 1420;
    return std::make_unique<PathService>(options, clock_, told.callbacks());
  }

  static PathService::Peers only(const std::string& agent, const IpAddress& address) {
    return std::make_shared<const std::vector<OverlayPeer>>(
        std::vector<OverlayPeer>{{AgentId(agent), RegionName("r"), address}});
  }

  SystemClock clock_;
  const IpAddress a_ = IpAddress::v4(0x7f4d0001);  // 127.77.0.1
  const IpAddress b_ = IpAddress::v4(0x7f4d0002);
  std::uint16_t hello_port_ = 0;
  std::uint16_t stamp_port_ = 0;
  Told told_a_;
  Told told_b_;
};

TEST_F(PathServicePair, FindsThePathMeasuresItAndNoticesItsEnd) {
  auto a = make(a_, 1, told_a_);
  auto b = make(b_, 2, told_b_);
  a->set_peers(only("b", b_));
  b->set_peers(only("a", a_));
  a->start();
  b->start();
  ASSERT_TRUE(told_a_.wait_for("b up"));
  ASSERT_TRUE(told_b_.wait_for("a up"));

  std::vector<PathWindow> windows;
  for (int i = 0; i < 100 && (windows.empty() || windows[0].received == 0); ++i) {
    std::mutex mu;
    std::condition_variable done;
    std::optional<Result<PingResult>> result;
    a->ping(AgentId("b"), 2, [&](Result<PingResult> pinged) {
      const std::lock_guard lock(mu);
      result = std::move(pinged);
      done.notify_all();
    });
    std::unique_lock lock(mu);
    ASSERT_TRUE(done.wait_for(lock, seconds(10), [&] { return result.has_value(); }));
    ASSERT_TRUE(result->has_value()) << (*result).error().message();
    ASSERT_EQ((*result)->rtt.size(), 2U);
    windows = a->windows();
  }
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0].to, AgentId("b"));
  EXPECT_TRUE(windows[0].up);
  EXPECT_GT(windows[0].received, 0U);
  EXPECT_LT(windows[0].rtt_p50, seconds(1));
  EXPECT_EQ(windows[0].full_size_lost, 0U);
  EXPECT_TRUE(a->counters().bound);
  EXPECT_EQ(a->bind_problem(), "");

  b->stop();
  EXPECT_TRUE(told_a_.wait_for("b down"));
  EXPECT_TRUE(told_a_.wait_for("isolated"));
}

TEST_F(PathServicePair, RefusesToPingWhomItDoesNotKnow) {
  auto a = make(a_, 1, told_a_);
  a->set_peers(only("b", b_));
  a->start();
  Told answers;
  const auto note = [&](Result<PingResult> result) {
    answers.add(result ? "answered" : std::string(code_name(result.error().code())));
  };
  a->ping(AgentId("c"), 1, note);
  EXPECT_TRUE(answers.wait_for("not_found"));
  a->ping(AgentId("b"), 0, note);
  EXPECT_TRUE(answers.wait_for("invalid_argument"));
  a->ping(AgentId("b"), 100, note);
  a->stop();
  EXPECT_TRUE(answers.wait_for("cancelled"));
}

TEST_F(PathServicePair, SaysWhyItCannotBindAndKeepsTrying) {
  auto a = make(IpAddress::v4(0xc0000201), 1, told_a_);  // 192.0.2.1, nobody's
  a->set_peers(only("b", b_));
  a->start();
  EXPECT_TRUE(told_a_.wait_for("isolated"));
  EXPECT_FALSE(a->counters().bound);
  EXPECT_NE(a->bind_problem().find("cannot bind UDP 192.0.2.1:"), std::string::npos)
      << a->bind_problem();
}

TEST_F(PathServicePair, GivesASignOfLifeAndTakesNoMoreJobsThanItHolds) {
  Told done;  // outlives the loop, which may still be at the last jobs when the test ends
  auto a = make(a_, 1, told_a_);
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(a->post([&done] { done.add("alive"); }));
  EXPECT_FALSE(a->post([] {})) << "nobody takes them yet";
  a->start();
  EXPECT_TRUE(done.wait_for("alive"));
}

TEST_F(PathServicePair, RefusesStrangersAndNoise) {
  auto a = make(a_, 1, told_a_);
  a->set_peers(only("b", b_));
  a->start();
  auto stranger = UdpSocket::open({IpAddress::v4(0x7f4d0009), 0}, "");
  ASSERT_TRUE(stranger.has_value());
  const std::vector<std::uint8_t> noise(44, 1);
  for (int i = 0; i < 1000 && a->counters().refused_packets < 4; ++i) {
    stranger->send({a_, hello_port_}, noise);
    stranger->send({a_, stamp_port_}, noise);
    std::this_thread::yield();
    std::mutex mu;
    std::condition_variable never;
    std::unique_lock lock(mu);
    never.wait_for(lock, milliseconds(10));
  }
  EXPECT_GE(a->counters().refused_packets, 4U);
  std::array<std::uint8_t, 100> buffer{};
  EXPECT_FALSE(stranger->receive(buffer).has_value());
}

}  // namespace
}  // namespace weir::agent
