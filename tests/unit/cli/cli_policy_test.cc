#include <fstream>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

class CliPolicy : public CliTest {
 protected:
  std::string file_with(const std::string& bytes) {
    const std::string file = folder_ + "/some.ckpt";
    std::ofstream(file) << bytes;
    return file;
  }
  void plan_a_rollout() {
    auto& rollout = *admin_.promotion.mutable_rollout();
    rollout.set_stage("canary");
    rollout.set_name("12ab");
    rollout.set_by("root");
    rollout.set_left_s(90);
    rollout.add_canaries("shop/web");
    rollout.mutable_candidate()->set_ended(2000);
    rollout.mutable_candidate()->set_in_objective(1980);
    rollout.mutable_before()->set_ended(1000);
    rollout.mutable_before()->set_in_objective(980);
    rollout.mutable_control()->set_ended(400);
    rollout.mutable_control()->set_in_objective(396);
  }
};

constexpr const char* k_rollout =
    "checkpoint 12ab, promoted by root: canary, for another 2m at shop/web\n"
    "  misses 1.0% of 2000 requests, 2.0% before\n"
    "  the others 1.0% of 400, - before\n";

TEST_F(CliPolicy, PromotesACheckpointAndShowsHowFarItIs) {
  plan_a_rollout();
  const Outcome run = weirctl({"policy", "promote", file_with("bytes"), "--yes"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, k_rollout);
  ASSERT_TRUE(admin_.promotion_asked);
  EXPECT_EQ(admin_.promotion_asked->action(), "begin");
  EXPECT_EQ(admin_.promotion_asked->checkpoint(), "bytes");

  *admin_.policies.mutable_rollout() = admin_.promotion.rollout();
  admin_.policies.add_policies()->set_service("shop/web");
  EXPECT_TRUE(weirctl({"policy", "status"}).out.ends_with(std::string("\n\n") + k_rollout));
}

TEST_F(CliPolicy, AsksBeforeItPromotesAndNeedsToKnowWhat) {
  EXPECT_NE(weirctl({"policy", "promote", file_with("bytes")}).exit, 0);
  EXPECT_FALSE(admin_.promotion_asked) << "nobody said yes";
  EXPECT_EQ(weirctl({"policy", "promote"}).exit, 2);
  EXPECT_EQ(weirctl({"policy", "promote", "--next", "--withdraw"}).exit, 2);
  const Outcome missing = weirctl({"policy", "promote", folder_ + "/none", "--yes"});
  EXPECT_EQ(missing.exit, 2);
  EXPECT_NE(missing.err.find("the file cannot be read"), std::string::npos);
  EXPECT_EQ(weirctl({"policy", "promote", "--withdraw"}).exit, 0);
  EXPECT_EQ(admin_.promotion_asked->action(), "withdraw");
}

TEST_F(CliPolicy, TellsWhatAServiceCosts) {
  auto& policy = *admin_.policies.add_policies();
  policy.set_service("shop/web");
  policy.set_mode("auto");
  policy.set_cost_per_hour(1.25);
  policy.set_max_cost_per_hour(2);
  policy.set_cost_cut("2 an hour instead of 3, for at most 2");
  EXPECT_NE(
      weirctl({"policy", "report"})
          .out.find("shop/web: 1.25 an hour between regions, at most 2; the last wish was cut "
                    "to 2 an hour instead of 3, for at most 2\n"),
      std::string::npos);
}

}  // namespace
}  // namespace weir::cli
