#include <gtest/gtest.h>

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
