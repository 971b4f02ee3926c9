// weirctl guardrails.

#include <gtest/gtest.h>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;

class CliGuardrails : public CliTest {
 protected:
  void add_rows() {
    auto& step = *admin_.guardrails.add_guardrails();
    step.set_service("shop/web");
    step.set_name("max_step");
    step.set_configured("0.2");
    step.set_value("0.1");
    step.set_by("ada");
    step.set_since_unix_ms(k_noon_ms - 60'000);
    step.set_expires_unix_ms(k_noon_ms + 3'540'000);
    step.set_clipped(3);
    step.set_clipped_since_unix_ms(k_noon_ms - 3'600'000);
    auto& ttl = *admin_.guardrails.add_guardrails();
    ttl.set_service("shop/web");
    ttl.set_name("policy_ttl");
    ttl.set_configured("15m");
    ttl.set_value("15m");
    auto& residency = *admin_.guardrails.add_guardrails();
    residency.set_service("shop/web");
    residency.set_name("residency");
    residency.set_configured("none");
    residency.set_value("none");
    residency.set_fixed(true);
    residency.set_clipped(0);
  }
  void plan(bool loosens) {
    auto& move = *admin_.guardrail.add_moves();
    move.set_service("shop/web");
    move.set_name("max_step");
    move.set_configured("0.2");
    move.set_before("0.2");
    move.set_after("0.1");
    move.set_loosens(loosens);
    admin_.guardrail.set_loosens(loosens);
    admin_.guardrail.set_epoch(1);
    admin_.guardrail.set_generation(9);
  }
};

TEST_F(CliGuardrails, ShowsWhatIsConfiguredAndWhatHolds) {
  add_rows();
  const Outcome run = weirctl({"guardrails", "status"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out,
            "SERVICE   GUARDRAIL   CONFIGURED  NOW   CLIPPED  SET BY         ENDS\n"
            "shop/web  max_step    0.2         0.1   3 in 1h  ada            in 59m\n"
            "shop/web  policy_ttl  15m         15m   -        configuration  -\n"
            "shop/web  residency   none        none  0        configuration  -\n");
  EXPECT_NE(weirctl({"guardrails", "status", "-o", "wide"}).out.find("the configuration alone"),
            std::string::npos);
}

TEST_F(CliGuardrails, IsADocumentForPrograms) {
  add_rows();
  admin_.guardrails.mutable_guardrails()->DeleteSubrange(0, 1);
  admin_.guardrails.mutable_guardrails()->DeleteSubrange(1, 1);
  EXPECT_EQ(weirctl({"guardrails", "status", "-o", "json"}).out,
            "{\n \"apiVersion\": \"weir.v1\",\n \"kind\": \"GuardrailList\",\n \"guardrails\": [\n"
            "  {\n   \"service\": \"shop/web\",\n   \"name\": \"policy_ttl\",\n"
            "   \"configured\": \"15m\",\n   \"value\": \"15m\",\n   \"by\": \"\",\n"
            "   \"sinceUnixMs\": \"0\",\n   \"expiresUnixMs\": \"0\",\n"
            "   \"clippedSinceUnixMs\": \"0\",\n   \"note\": \"\",\n   \"fixed\": false\n"
            "  }\n ]\n}\n");
}

TEST_F(CliGuardrails, ShowsThePlanAndAsks) {
  plan(false);
  const Outcome refused = weirctl({"guardrails", "set", "max_step", "0.1"});
  EXPECT_EQ(refused.exit, 7);
  EXPECT_EQ(refused.out, "");
  EXPECT_NE(refused.err.find("SERVICE   GUARDRAIL  CONFIGURED  NOW  THEN  POLICIES GET\n"
                             "shop/web  max_step   0.2         0.2  0.1   less room\n"),
            std::string::npos)
      << refused.err;
  EXPECT_TRUE(admin_.changes_asked.empty());
  const Outcome dry = weirctl({"guardrails", "set", "max_step", "0.1", "--dry-run"});
  EXPECT_EQ(dry.exit, 0);
  EXPECT_NE(dry.out.find("less room"), std::string::npos);
  EXPECT_TRUE(admin_.changes_asked.empty());
}

TEST_F(CliGuardrails, AsksForTheRightThatTheChangeTakes) {
  plan(false);
  EXPECT_EQ(weirctl({"guardrails", "set", "max_step", "0.1", "--service", "shop/web", "--ttl", "1h",
                     "--yes"})
                .out,
            "set: revision 1.9\n");
  admin_.guardrail.Clear();
  plan(true);
  EXPECT_EQ(weirctl({"guardrails", "unset", "max_step", "--yes"}).exit, 0);
  EXPECT_EQ(admin_.changes_asked,
            (std::vector<std::string>{"TightenGuardrail name: \"max_step\" service: \"shop/web\" "
                                      "value: \"0.1\" ttl_s: 3600",
                                      "ChangeGuardrail name: \"max_step\""}));
}

TEST_F(CliGuardrails, KnowsTheirNames) {
  EXPECT_EQ(weirctl({"guardrails", "set", "speed", "1"}).exit, 2);
  EXPECT_EQ(weirctl({"__complete", "--", "guardrails", "set", "m"}).out,
            "max_step\nmin_share\nmax_cost_per_hour\n");
}

TEST_F(CliGuardrails, StandInTheStatus) {
  admin_.status.set_guardrails_changed(2);
  EXPECT_NE(weirctl({"status"}).out.find("2 guardrails moved: weirctl guardrails status"),
            std::string::npos);
}

}  // namespace
}  // namespace weir::cli
