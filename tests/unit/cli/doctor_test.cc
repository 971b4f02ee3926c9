#include <gtest/gtest.h>

#include "cli/doctor/examine.h"
#include "cli/doctor/machine.h"
#include "cli/doctor/report.h"
#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

TEST(MachineFindings, TellWhatIsMissing) {
  const auto found = findings_of(
      MachineNeeds{.state_dir = "/proc/weir", .tunnel_port = 0, .tun_device = "/nonexistent/tun"});
  ASSERT_GE(found.size(), 1U);
  EXPECT_EQ(found[0].code, "WEIR-001");
  EXPECT_EQ(found[0].cause, "No such file or directory");
  EXPECT_EQ(found[0].next, "modprobe tun");
}

Diagnosis two() {
  return {"mesh demo",
          {{Finding::Level::fail, "WEIR-402", "paths", "us <-> \"ap\" is down", "a & b", ""},
           {Finding::Level::warn, "WEIR-704", "weights", "pinned", "", "unpin"}},
          {"agents", "paths", "weights"}};
}

TEST(DoctorReport, TakesALineAFindingInChat) {
  EXPECT_EQ(report(two(), Output::short_lines, true),
            "mesh demo: 1 failure, 1 warning\n"
            "FAIL WEIR-402 us <-> \"ap\" is down\n"
            "WARN WEIR-704 pinned\n");
  EXPECT_EQ(report({"mesh demo", {}, {"agents"}}, Output::short_lines, false), "mesh demo: well\n");
}

TEST(DoctorReport, IsATestRunInCi) {
  EXPECT_EQ(report(two(), Output::junit, false),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1">
  <testsuite name="weirctl doctor: mesh demo" tests="3" failures="1" errors="0">
    <testcase classname="weir.doctor.paths" name="WEIR-402 us &lt;-&gt; &quot;ap&quot; is down">
      <failure type="WEIR-402" message="us &lt;-&gt; &quot;ap&quot; is down">)"
            R"(cause: a &amp; b</failure>
    </testcase>
    <testcase classname="weir.doctor.weights" name="WEIR-704 pinned">
      <system-out>warning: next: unpin</system-out>
    </testcase>
    <testcase classname="weir.doctor.agents" name="agents"/>
  </testsuite>
</testsuites>
)");
}

TEST(AboutAgent, KeepsWhatNamesItOrItsRegion) {
  const auto finding = [](std::string what, std::string next) {
    return Finding{Finding::Level::fail, "WEIR-1", "agents", std::move(what), "", std::move(next)};
  };
  admin::v1::Agent agent;
  agent.set_agent("eu-west-1/agent-1");
  agent.set_region("eu-west-1");
  const std::vector<Finding> all = {
      finding("eu-west-1/agent-1 is not connected", ""),
      finding("eu-west-1/agent-12 is not connected", ""),
      finding("eu-west-1/agent-2 is not connected", ""),
      finding("eu-west-1 <-> us-east-1 is slow", ""),
      finding("eu-west-11 <-> us-east-1 is slow", ""),
      finding("a pin", "weirctl weights unpin shop/web --from eu-west-1"),
      finding("the controller's disk is nearly full", "")};
  std::vector<std::string> kept;
  for (const Finding& one : about_agent(all, agent)) kept.push_back(one.what);
  EXPECT_EQ(kept, (std::vector<std::string>{"eu-west-1/agent-1 is not connected",
                                            "eu-west-1 <-> us-east-1 is slow", "a pin"}));
}

TEST_F(CliTest, DoctorFindsNoAgentThatIsNotThere) {
  const Outcome run = weirctl({"doctor", "--agent", "mars/agent-1"});
  EXPECT_EQ(run.exit, 8);
  EXPECT_NE(run.err.find("no agent of that name has joined"), std::string::npos) << run.err;
  EXPECT_EQ(weirctl({"doctor", "--agent", "mars/agent-1", "--pre"}).exit, 2);
}

TEST_F(CliTest, DoctorFailsOnAWarningWhenToldTo) {
  const auto warned = [this](const char* on) { return weirctl({"doctor", "--fail-on", on}); };
  auto& agent = *admin_.agents.add_agents();
  agent.set_agent("us-east-1/agent-1");
  agent.set_region("us-east-1");
  agent.set_connected(true);
  agent.set_last_seen_unix_ms(StoryClock::k_noon_ms);
  auto& row = *admin_.weights.add_rows();
  row.set_service("shop/web");
  row.set_from_region("us-east-1");
  row.set_pinned(true);
  admin_.weights.set_unix_ms(StoryClock::k_noon_ms);
  admin_.status.set_agents_total(1);
  admin_.status.set_agents_connected(1);
  const Outcome calm = warned("fail");
  EXPECT_EQ(calm.exit, 0) << calm.out << calm.err;
  EXPECT_NE(calm.out.find("WARN"), std::string::npos) << calm.out;
  EXPECT_EQ(warned("warn").exit, 3);
}

TEST_F(CliTest, DoctorSaysWhyNobodyAnswers) {
  stop_controller();
  const Outcome gone = weirctl({"doctor", "-o", "short"});
  EXPECT_EQ(gone.exit, 5);
  EXPECT_NE(gone.out.find("FAIL WEIR-100 nobody answers at "), std::string::npos) << gone.out;
  EXPECT_NE(gone.err.find("cannot examine the mesh"), std::string::npos) << gone.err;
}

TEST_F(CliTest, FormsOfADiagnosisAreDoctorsAlone) {
  EXPECT_EQ(weirctl({"status", "-o", "junit"}).exit, 2);
  EXPECT_EQ(weirctl({"doctor", "--pre", "-o", "junit"}).out.substr(0, 5), "<?xml");
}

}  // namespace
}  // namespace weir::cli
