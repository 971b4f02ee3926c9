#include <gtest/gtest.h>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;

void add_weight(google::protobuf::RepeatedPtrField<policy::v1::Weight>& to, const char* region,
                std::uint32_t weight) {
  auto& added = *to.Add();
  added.set_region(region);
  added.set_weight(weight);
}

class CliWeights : public CliTest {
 protected:
  void plan_a_pin() {
    add_weight(*admin_.pin.mutable_before(), "eu-west-1", 130);
    add_weight(*admin_.pin.mutable_before(), "us-east-1", 100);
    add_weight(*admin_.pin.mutable_after(), "eu-west-1", 30);
    add_weight(*admin_.pin.mutable_after(), "us-east-1", 70);
    admin_.pin.add_guards("largest step: ok");
    admin_.pin.set_epoch(1);
    admin_.pin.set_generation(13);
  }
  const std::vector<std::string> pin_ = {"weights", "pin",       "shop/web",
                                         "--from",  "eu-west-1", "us-east-1=70,eu-west-1=30",
                                         "--ttl",   "1h"};
  std::vector<std::string> pin_with(const char* flag) const {
    auto command = pin_;
    command.emplace_back(flag);
    return command;
  }
  const std::string plan_ =
      "Plan: pin shop/web from eu-west-1, for 1h\n"
      "TO         WEIGHT NOW  SHARE NOW  WEIGHT THEN  SHARE THEN\n"
      "eu-west-1         130      56.5%           30       30.0%\n"
      "us-east-1         100      43.5%           70       70.0%\n"
      "guard: largest step: ok\n";
};

TEST_F(CliWeights, ShowsWhatIsWantedInForceAndSeen) {
  auto& row = *admin_.weights.add_rows();
  row.set_service("shop/web");
  row.set_from_region("eu-west-1");
  auto& home = *row.add_to();
  home.set_region("eu-west-1");
  home.set_weight(130);
  home.set_wanted_share_ppm(565'217);
  home.set_effective_share_ppm(1'000'000);
  home.set_seen_share_ppm(998'000);
  home.set_p99_us(63'000);
  home.set_error_ppm(9000);
  home.set_requests_per_second(50);
  home.set_state("active");
  auto& far = *row.add_to();
  far.set_region("us-east-1");
  far.set_weight(100);
  far.set_tier(1);
  far.set_wanted_share_ppm(434'783);
  far.set_state("down");
  far.set_why("path");
  const Outcome run = weirctl({"weights", "get", "shop/web", "--from", "eu-west-1"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out,
            "SERVICE   FROM       TO         TIER  WEIGHT  WANTED     NOW   SEEN      P99    ERR  "
            "STATE\n"
            "shop/web  eu-west-1  eu-west-1     0     130   56.5%  100.0%  99.8%  63.0 ms  0.90%  "
            "active\n"
            "                     us-east-1     1     100   43.5%    0.0%   0.0%        -      -  "
            "down, path\n");
}

TEST_F(CliWeights, AreRowsNamesAndDocumentsToo) {
  for (const char* from : {"eu-west-1", "us-east-1"}) {
    auto& row = *admin_.weights.add_rows();
    row.set_service("shop/web");
    row.set_from_region(from);
    for (const char* to : {"eu-west-1", "us-east-1"}) {
      auto& cell = *row.add_to();
      cell.set_region(to);
      cell.set_weight(100);
      cell.set_state("down: path, cut");
    }
  }
  std::istringstream csv(weirctl({"weights", "get", "-o", "csv"}).out);
  std::vector<std::string> lines;
  for (std::string line; std::getline(csv, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_TRUE(lines[0].starts_with("SERVICE,FROM,TO,TIER,WEIGHT,")) << lines[0];
  EXPECT_TRUE(lines[2].starts_with("shop/web,eu-west-1,us-east-1,0,100,"))
      << "filled: " << lines[2];
  EXPECT_TRUE(lines[3].starts_with("shop/web,us-east-1,eu-west-1,0,100,")) << lines[3];
  EXPECT_TRUE(lines[3].ends_with(",\"down: path, cut\"")) << lines[3];
  EXPECT_EQ(weirctl({"weights", "get", "-o", "name"}).out, "shop/web\n");
  const std::string yaml = weirctl({"weights", "get", "-o", "yaml"}).out;
  EXPECT_TRUE(
      yaml.starts_with("apiVersion: weir.v1\nkind: WeightList\nrows:\n  - service: shop/web\n"
                       "    fromRegion: eu-west-1\n"))
      << yaml;
  const std::string line = weirctl({"weights", "get", "-o", "jsonl"}).out;
  EXPECT_TRUE(line.starts_with("{\"apiVersion\":\"weir.v1\",\"kind\":\"WeightList\","));
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
}

TEST_F(CliWeights, ShowTextWhereRowsAreAskedOfNoTable) {
  const Outcome run = weirctl({"status", "-o", "csv"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_NE(run.out.find("Agents"), std::string::npos);
  EXPECT_EQ(run.err, "this answer is no table: shown as text\n");
}

TEST_F(CliWeights, LeavesOpenWhatNoAgentHasReported) {
  auto& row = *admin_.weights.add_rows();
  row.set_service("shop/web");
  row.set_from_region("eu-west-1");
  row.set_pinned(true);
  auto& cell = *row.add_to();
  cell.set_region("eu-west-1");
  cell.set_weight(100);
  cell.set_wanted_share_ppm(1'000'000);
  cell.set_state("no report");
  cell.set_why("pinned");
  EXPECT_EQ(weirctl({"weights", "get"}).out,
            "SERVICE   FROM       TO         TIER  WEIGHT  WANTED  NOW  SEEN  P99  ERR  STATE\n"
            "shop/web  eu-west-1  eu-west-1     0     100  100.0%    -     -    -    -  "
            "no report, pinned\n");
}

TEST_F(CliWeights, ExplainsThem) {
  auto& reply = admin_.explanation;
  reply.set_service("shop/web");
  reply.set_from_region("eu-west-1");
  reply.set_agents_acked(1);
  reply.set_agents_total(1);
  auto& change = *reply.mutable_change();
  change.set_epoch(1);
  change.set_generation(12);
  change.set_unix_ms(k_noon_ms - 4000);
  change.set_by("pin by root");
  add_weight(*change.mutable_before(), "eu-west-1", 100);
  add_weight(*change.mutable_after(), "eu-west-1", 130);
  add_weight(*change.mutable_after(), "us-east-1", 130);
  auto& pinned = *change.add_reasons();
  pinned.set_region("eu-west-1");
  pinned.set_term("pinned");
  auto& path = *change.add_reasons();
  path.set_region("us-east-1");
  path.set_term("path");
  path.set_share(0.125);
  path.set_note("round trip 80 of 175 ms");
  change.add_guards("residency: ok");
  change.set_expected_in_objective_ppm(985'000);
  change.mutable_seen_before()->set_ended(600);
  change.mutable_seen_before()->set_in_objective(450);
  change.mutable_seen_before()->set_p99_us(310'000);
  *reply.add_history() = change;
  reply.mutable_history(0)->set_generation(11);
  const Outcome run = weirctl({"weights", "explain", "shop/web", "--from", "eu-west-1"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(
      run.out,
      "shop/web from eu-west-1: revision 1.12, 2026-01-01T11:59:56Z (4s ago), by pin by root\n"
      "  eu-west-1 100 -> 130 (100.0% -> 50.0%)   us-east-1 0 -> 130 (0.0% -> 50.0%)\n"
      "\n"
      "Why\n"
      "  eu-west-1: pinned\n"
      "  us-east-1 +12.5 points: path, round trip 80 of 175 ms\n"
      "Guards\n"
      "  residency: ok\n"
      "Within the objective\n"
      "  expected     98.50%\n"
      "  10 s before  75.00% of 600 requests, p99 310 ms\n"
      "  10 s after   not yet measured\n"
      "Applied by 1/1 agents\n"
      "Before\n"
      "  1.11  4s ago  pin by root  eu-west-1 130 (50.0%), us-east-1 130 (50.0%)\n"
      "Hold it: weirctl weights pin shop/web --from eu-west-1 REGION=WEIGHT,... --ttl 1h\n");
}

TEST_F(CliWeights, RefusesAMomentThatIsNone) {
  const Outcome odd = weirctl({"weights", "explain", "a/b", "--from", "eu", "--at", "yesterday"});
  EXPECT_EQ(odd.exit, 2);
  EXPECT_NE(odd.err.find("\"yesterday\" is no moment such as 5m (ago) or"), std::string::npos);
  EXPECT_EQ(
      weirctl({"weights", "explain", "a/b", "--from", "eu", "--at", "5m", "--revision", "3"}).exit,
      2);
  EXPECT_EQ(weirctl({"weights", "history", "--since", "2026-02-30T00:00:00Z"}).exit, 2);
}

TEST_F(CliWeights, ListsWhatChangedAndWhatCameOfIt) {
  auto& change = *admin_.changes.add_changes();
  change.set_service("shop/web");
  change.set_from_region("eu-west-1");
  change.set_epoch(1);
  change.set_generation(12);
  change.set_unix_ms(k_noon_ms - 4000);
  change.set_by("learned");
  add_weight(*change.mutable_before(), "eu-west-1", 100);
  add_weight(*change.mutable_after(), "eu-west-1", 75);
  add_weight(*change.mutable_after(), "us-east-1", 25);
  change.add_reasons()->set_term("overload");
  change.set_expected_in_objective_ppm(985'000);
  change.mutable_seen_before()->set_ended(4);
  change.mutable_seen_before()->set_in_objective(3);
  change.mutable_seen_after()->set_ended(0);
  EXPECT_EQ(weirctl({"weights", "history"}).out,
            "WHEN    REVISION  SERVICE   FROM       BY       LARGEST MOVE     WHY       BEFORE  "
            "EXPECTED  AFTER\n"
            "4s ago      1.12  shop/web  eu-west-1  learned  -25.0 eu-west-1  overload  75.00%    "
            "98.50%      -\n");
  admin_.changes.clear_changes();
  EXPECT_NE(weirctl({"weights", "history"}).err.find("No changes of weights"), std::string::npos);
}

TEST_F(CliWeights, ShowsThePlanAndStopsOnADryRun) {
  plan_a_pin();
  const Outcome run = weirctl(pin_with("--dry-run"));
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, plan_);
  EXPECT_EQ(run.err, "dry run, nothing was changed\n");
  ASSERT_EQ(admin_.pins_asked.size(), 1U);
  EXPECT_TRUE(admin_.pins_asked[0].dry_run());
  EXPECT_EQ(admin_.pins_asked[0].ttl_s(), 3600U);
}

TEST_F(CliWeights, PinsAfterThePlanWithYes) {
  plan_a_pin();
  const Outcome run = weirctl(pin_with("--yes"));
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, "pinned: revision 1.13\n");
  EXPECT_EQ(run.err, plan_ + "undo: weirctl weights unpin shop/web --from eu-west-1 --yes\n");
  ASSERT_EQ(admin_.pins_asked.size(), 2U);
  EXPECT_FALSE(admin_.pins_asked[1].dry_run());
  EXPECT_EQ(admin_.pins_asked[1].weights_size(), 2);
}

TEST_F(CliWeights, NeedsYesWithoutATerminal) {
  plan_a_pin();
  const Outcome run = weirctl(pin_);
  EXPECT_EQ(run.exit, 7);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(admin_.pins_asked.size(), 1U) << "only the plan";
}

TEST_F(CliWeights, AsksOnATerminal) {
  plan_a_pin();
  in_is_tty_ = true;
  answer_ = "yes\n";
  EXPECT_EQ(weirctl(pin_).exit, 0);
  EXPECT_EQ(admin_.pins_asked.size(), 2U);
}

TEST_F(CliWeights, TellsTheGuardThatRefuses) {
  admin_.error = Error(Code::failed_precondition, "residency: us-east-1 may not serve eu-west-1");
  const Outcome run = weirctl(pin_with("--yes"));
  EXPECT_EQ(run.exit, 7);
  EXPECT_EQ(run.err,
            "weirctl: cannot pin shop/web\n"
            "  why:  residency: us-east-1 may not serve eu-west-1 (failed_precondition)\n"
            "  next: weirctl weights get shop/web\n");
}

TEST_F(CliWeights, RefusesWeightsItCannotRead) {
  for (const char* words : {"us-east-1", "us-east-1=x", "us-east-1=10001", "a=1,a=2", "=5", ""}) {
    const Outcome run =
        weirctl({"weights", "pin", "shop/web", "--from", "eu-west-1", words, "--yes"});
    EXPECT_EQ(run.exit, 2) << words;
  }
  EXPECT_TRUE(admin_.pins_asked.empty());
}

TEST_F(CliWeights, UnpinsWithYes) {
  admin_.unpin.set_epoch(1);
  admin_.unpin.set_generation(14);
  EXPECT_EQ(weirctl({"weights", "unpin", "shop/web", "--from", "eu-west-1"}).exit, 7);
  const Outcome run = weirctl({"weights", "unpin", "shop/web", "--from", "eu-west-1", "--yes"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, "unpinned: revision 1.14\n");
}

}  // namespace
}  // namespace weir::cli
