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

TEST_F(CliPolicy, ReportsWhatItsChangesCameTo) {
  const auto change = [this](const char* by, const char* term, const char* guard) -> auto& {
    auto& added = *admin_.changes.add_changes();
    added.set_service("shop/web");
    added.set_by(by);
    added.set_unix_ms(StoryClock::k_noon_ms - 60'000);
    added.add_reasons()->set_term(term);
    added.add_reasons()->set_term(term);  // of another region
    if (*guard != '\0') added.add_guards(guard);
    return added;
  };
  const auto outcome = [](admin::v1::Change& of, std::uint32_t expected_ppm, std::uint64_t after) {
    of.set_expected_in_objective_ppm(expected_ppm);
    of.mutable_seen_before()->set_ended(100);
    of.mutable_seen_before()->set_in_objective(80);
    of.mutable_seen_after()->set_ended(100);
    of.mutable_seen_after()->set_in_objective(after);
  };
  outcome(change("planner", "overload", ""), 990'000, 97);
  outcome(change("planner", "path", "largest step: eu-west-1 72% instead of 60%"), 900'000, 91);
  admin_.changes.mutable_changes(1)->add_guards("minimum share: us-east-1 5%");
  change("pin by root", "pinned", "");
  const Outcome run = weirctl({"policy", "report", "shop/web", "--since", "24h"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out,
            "SERVICE   CHANGES  CUT  MEASURED  BEFORE  EXPECTED   AFTER  OFF BY\n"
            "shop/web        3    1         2  80.00%    94.50%  94.00%   1.50%\n"
            "\n"
            "shop/web\n"
            "  by      planner 2, pin by root 1\n"
            "  moved   overload 1, path 1, pinned 1\n"
            "  guards  largest step 1, minimum share 1\n");
  EXPECT_EQ(admin_.history_asked->service(), "shop/web");
  EXPECT_EQ(admin_.history_asked->since_unix_ms(), StoryClock::k_noon_ms - 86'400'000);
  const std::string json =
      weirctl({"policy", "report", "--since", "2026-01-01T11:00:00Z", "-o", "jsonl"}).out;
  EXPECT_TRUE(json.starts_with(
      "{\"apiVersion\":\"weir.v1\",\"kind\":\"PolicyReport\",\"sinceUnixMs\":\"1767265200000\","
      "\"services\":[{\"service\":\"shop/web\",\"changes\":3,"))
      << json;
  EXPECT_EQ(weirctl({"policy", "report", "--since", "yesterday"}).exit, 2);
  admin_.changes.clear_changes();
  EXPECT_NE(weirctl({"policy", "report", "--since", "1h"}).err.find("No changes of weights"),
            std::string::npos);
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
