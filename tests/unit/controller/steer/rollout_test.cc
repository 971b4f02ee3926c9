#include "controller/steer/rollout.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

using std::chrono::seconds;

const Candidate k_candidate{.name = "abcd", .checkpoint = "new", .by = "root", .unix_ms = 7};

std::vector<ServiceName> services(int count) {
  std::vector<ServiceName> all;
  for (int i = 0; i < count; ++i) {
    all.emplace_back("shop/s" + std::string(i < 10 ? "0" : "") + std::to_string(i));
  }
  return all;
}

class Rollouts : public testing::Test {
 protected:
  Rollouts() { rollout_.begin(k_candidate, now_); }

  /// A second of 100 requests at every service; `steered` and `others` are shares in time.
  bool second(double steered, double others, double expected = 1) {
    now_ += seconds(1);
    for (const ServiceName& service : all_) {
      const double share = rollout_.steers(service) ? steered : others;
      rollout_.tally(service, {.ended = 100, .in_slo = 100 * share, .expected = 100 * expected});
    }
    return rollout_.tick(now_, all_);
  }
  void until(RolloutStage stage, double share = 0.98) {
    for (int i = 0; i < 200 && rollout_.stage() != stage; ++i) second(share, share);
    ASSERT_EQ(rollout_.stage(), stage);
  }

  std::vector<ServiceName> all_ = services(25);
  Rollout rollout_{{.shadow = seconds(20), .canary = seconds(30), .everywhere = seconds(40)}};
  Time now_{seconds(1000)};
};

TEST_F(Rollouts, GoThroughShadowAndOneInTwentyToAll) {
  EXPECT_TRUE(rollout_.shadows());
  for (int i = 0; i < 19; ++i) EXPECT_FALSE(second(0.98, 0.98));
  EXPECT_TRUE(second(0.98, 0.98));
  EXPECT_EQ(rollout_.stage(), RolloutStage::canary);
  EXPECT_EQ(rollout_.canaries(), (std::set<ServiceName>{all_[0], all_[1]})) << "of 25";
  EXPECT_EQ(rollout_.checkpoint_for(all_[1]), "new");
  EXPECT_EQ(rollout_.checkpoint_for(all_[2]), "") << "what is shipped";
  until(RolloutStage::everywhere);
  EXPECT_EQ(rollout_.checkpoint_for(all_[24]), "new");
  EXPECT_EQ(rollout_.left(now_), seconds(40));
  until(RolloutStage::settled);
  EXPECT_FALSE(rollout_.under_way());
  EXPECT_EQ(rollout_.checkpoint_for(all_[3]), "new")
      << "it is now what the next one is held against";
  rollout_.begin({.name = "next", .checkpoint = "newer", .by = "root"}, now_);
  EXPECT_EQ(rollout_.checkpoint_for(all_[3]), "new");
}

TEST_F(Rollouts, AreWithdrawnWhenCanariesDoWorseThanTheOthers) {
  until(RolloutStage::canary);
  for (int i = 0; i < 4; ++i) ASSERT_FALSE(second(0.5, 0.98)) << "luck, with so few";
  for (int i = 0; i < 10 && rollout_.under_way(); ++i) second(0.93, 0.98);
  EXPECT_EQ(rollout_.stage(), RolloutStage::withdrawn);
  EXPECT_EQ(rollout_.checkpoint_for(all_[0]), "");
  EXPECT_NE(rollout_.why().find("missed the objective, 2.00 % before, where others went from "
                                "2.00 % to 2.00 %"),
            std::string::npos)
      << rollout_.why();
}

TEST_F(Rollouts, AreNotBlamedForWhatHappensToAll) {
  until(RolloutStage::canary);
  for (int i = 0; i < 29; ++i) ASSERT_FALSE(second(0.7, 0.7));
  until(RolloutStage::everywhere, 0.7);
  // Nobody is left to compare with: what the candidate itself expects decides.
  for (int i = 0; i < 20; ++i) ASSERT_FALSE(second(0.7, 0.7, 0.71));
  for (int i = 0; i < 100 && rollout_.under_way(); ++i) second(0.6, 0.6, 0.9);
  EXPECT_EQ(rollout_.stage(), RolloutStage::withdrawn);
  EXPECT_NE(rollout_.why().find(" expected"), std::string::npos) << rollout_.why();
}

TEST_F(Rollouts, AreWithdrawnWhenTheCandidateFallsAnywhere) {
  rollout_.fell(all_[3], "it threw: no");
  EXPECT_EQ(rollout_.stage(), RolloutStage::withdrawn);
  EXPECT_EQ(rollout_.why(), "it fell at shop/s03: it threw: no");
  EXPECT_FALSE(rollout_.withdraw("again"));
  EXPECT_FALSE(rollout_.advance(now_, all_));
}

TEST_F(Rollouts, WaitInShadowForAServiceTheyCanBeTriedOn) {
  for (int i = 0; i < 30; ++i) {
    now_ += seconds(1);
    EXPECT_FALSE(rollout_.tick(now_, {}));
  }
  EXPECT_TRUE(rollout_.shadows());
  EXPECT_TRUE(rollout_.tick(now_, std::span(all_).first(1)));
  EXPECT_EQ(rollout_.canaries().size(), 1U) << "the only one";
}

TEST_F(Rollouts, ComeBackAfterARestart) {
  until(RolloutStage::canary);
  second(0.9, 0.9);
  Rollout again({});
  ASSERT_TRUE(again.restore(rollout_.encode(), now_));
  EXPECT_EQ(again.stage(), RolloutStage::canary);
  EXPECT_EQ(again.canaries(), rollout_.canaries());
  EXPECT_EQ(again.checkpoint_for(all_[0]), "new");
  EXPECT_EQ(again.candidate().by, "root");
  EXPECT_EQ(again.encode(), rollout_.encode());
  EXPECT_FALSE(again.restore("\xff\xff", now_));
}

}  // namespace
}  // namespace weir::controller
