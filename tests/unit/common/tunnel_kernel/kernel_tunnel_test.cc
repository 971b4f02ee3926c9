// What only the kernel's WireGuard has: interfaces that outlive the process.

#include "common/tunnel_kernel/kernel_tunnel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/common/tunnel_kernel/tunnel_pair.h"

namespace weir {
namespace {

class KernelTunnelAfterACrash : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_not(TunnelKind::kernel); !reason.empty()) {
      GTEST_SKIP() << reason;
    }
    ASSERT_TRUE(pair_.left.home && pair_.right.home);
    ASSERT_TRUE(join_by_cable(*pair_.left.home, *pair_.right.home));
    TunnelOptions options;
    options.listen_port = 51820;
    pair_.right.open(TunnelKind::kernel, options);
    pair_.right.address("10.7.0.2/32", "10.7.0.0/24");
    TunnelPair::apply(pair_.right, pair_.right_config());
    ASSERT_TRUE(run_and_crash());
    pair_.left.address("10.7.0.1/32", "10.7.0.0/24");
  }

  /// A process that makes the left tunnel and ends without a word.
  bool run_and_crash() {
    const pid_t child = ::fork();
    if (child == 0) {
      auto made = pair_.left.try_open(TunnelKind::kernel, options());
      ::_exit(made && (*made)->apply(pair_.left_config()) ? 0 : 1);
    }
    int status = 1;
    return ::waitpid(child, &status, 0) == child && status == 0;
  }
  static TunnelOptions options() {
    TunnelOptions options;
    options.listen_port = 51820;
    return options;
  }
  PublicKey right_key() const { return pair_.right.keys.public_key(); }

  TunnelPair pair_;
};

TEST_F(KernelTunnelAfterACrash, IsTakenOverWithItsSessions) {
  ASSERT_EQ(pair_.to_right(), 1);  // nobody is there, and packets go on
  pair_.left.open(TunnelKind::kernel, options());
  const auto shaken = pair_.left.peer(right_key()).last_handshake;
  ASSERT_TRUE(shaken.has_value());
  TunnelPair::apply(pair_.left, pair_.left_config("10.9.0.99:51820"));  // what works is kept
  EXPECT_EQ(pair_.to_right(), 1);
  EXPECT_EQ(pair_.to_left(), 1);
  EXPECT_EQ(pair_.left.peer(right_key()).last_handshake, shaken);
}

TEST_F(KernelTunnelAfterACrash, IsMadeAnewWherePeersAreFiltered) {
  ASSERT_EQ(pair_.to_right(), 1);
  pair_.left.open(TunnelKind::kernel, options(), true);
  EXPECT_TRUE(pair_.left.state().device.peers.empty());
}

TEST_F(KernelTunnelAfterACrash, MakesWayForTheEmbeddedEngine) {
  if (!why_not(TunnelKind::embedded).empty()) GTEST_SKIP() << why_not(TunnelKind::embedded);
  pair_.left.open(TunnelKind::embedded, options());
  pair_.left.address("10.7.0.1/32", "10.7.0.0/24");
  TunnelPair::apply(pair_.left, pair_.left_config());
  EXPECT_EQ(pair_.to_right(1, 15000), 1);
}

TEST_F(KernelTunnelAfterACrash, TellsASecondProcessToStayAway) {
  pair_.left.open(TunnelKind::kernel, options());
  const auto second = pair_.left.try_open(TunnelKind::kernel, options());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Code::already_exists);
  EXPECT_NE(second.error().message().find("another process"), std::string::npos);
}

TEST_F(KernelTunnelAfterACrash, DoesNotTakeAnOperatorsInterface) {
  ASSERT_TRUE(pair_.left.home->shell("ip link add wtd5 type wireguard"));
  TunnelOptions theirs;
  theirs.interface = "wtd5";
  for (const TunnelKind kind : {TunnelKind::kernel, TunnelKind::embedded}) {
    const auto made = pair_.left.try_open(kind, theirs);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code(), Code::already_exists) << made.error().message();
  }
  EXPECT_TRUE(pair_.left.home->shell("ip link show wtd5 >/dev/null"));
}

TEST_F(KernelTunnelAfterACrash, EndsWhenItsInterfaceMovesToAnotherNamespace) {
  std::promise<std::string> ended;
  TunnelOptions told = options();
  told.on_end = [&](const std::string& why) { ended.set_value(why); };
  pair_.left.open(TunnelKind::kernel, told);
  ASSERT_TRUE(
      pair_.left.home->shell("ip link set wtd0 netns " + pair_.right.home->path() + " name wtd7"));
  auto why = ended.get_future();
  ASSERT_EQ(why.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_FALSE(pair_.left.tunnel->apply({}).has_value());
}

TEST(ProbeOfTheKernel, LeavesNothingBehindAndSaysWhyNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto space = NetworkNamespace::make();
  ASSERT_TRUE(space);
  TunnelDecision decision;
  space->run([&] { decision = decide_tunnel(TunnelChoice::automatic, true); });
  const bool can = why_not(TunnelKind::kernel).empty();
  EXPECT_EQ(decision.kind, can ? TunnelKind::kernel : TunnelKind::embedded) << decision.reason;
  EXPECT_FALSE(decision.reason.empty());
  EXPECT_TRUE(
      space->shell("test $(ip -o link | wc -l) = 1 || test $(ip -o link | grep -c weirtry) = 0"));
  const auto forced = decide_tunnel(TunnelChoice::embedded, false);
  EXPECT_EQ(forced.kind, TunnelKind::embedded);
}

}  // namespace
}  // namespace weir
