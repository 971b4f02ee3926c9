#include "cli/command/config_report.h"

#include <gtest/gtest.h>

#include "cli/command/deadlines.h"

namespace weir::cli {
namespace {

using namespace std::chrono_literals;

TEST(ConfigReport, ListsComplaintsWithTheirLineAndPath) {
  EXPECT_EQ(
      config_report("/etc/a: b.yaml", "weir-agent",
                    {.valid = false,
                     .complaints = "weir-agent: /etc/a: b.yaml:3: tunnel.mtu: \"9\" must be "
                                   "a whole number from 1280 to 65535\n"
                                   "/etc/a: b.yaml:7: no YAML: a \"quote\" is open\n"}),
      R"({"apiVersion":"weir.v1","kind":"ConfigCheck","file":"/etc/a: b.yaml",)"
      R"("program":"weir-agent","valid":false,"complaints":[)"
      R"({"line":3,"path":"tunnel.mtu","what":"\"9\" must be a whole number from 1280 to 65535"},)"
      R"({"line":7,"path":"","what":"no YAML: a \"quote\" is open"}]})"
      "\n");
}

TEST(ConfigReport, KeepsAComplaintThatNamesNoLine) {
  EXPECT_NE(
      config_report("x", "weir-agent",
                    {.valid = false, .complaints = "weir-agent: config file x is a directory\n"})
          .find(R"("complaints":[{"line":0,"path":"","what":"config file x is a directory"}])"),
      std::string::npos);
}

TEST(ConfigReport, ListsValuesWithTheirOrigin) {
  EXPECT_EQ(
      config_report("x", "weir-controller",
                    {.valid = true,
                     .values = "state_dir: /var/lib/weir # odd      # line 2\n"
                               "tunnel.mtu: 1420                    # default\n"
                               "services[0].health.host:            # default\n"}),
      R"({"apiVersion":"weir.v1","kind":"ConfigCheck","file":"x","program":"weir-controller",)"
      R"("valid":true,"values":[)"
      R"({"path":"state_dir","value":"/var/lib/weir # odd","line":2},)"
      R"({"path":"tunnel.mtu","value":"1420","line":0},)"
      R"({"path":"services[0].health.host","value":"","line":0}]})"
      "\n");
}

TEST(Deadlines, OfAPingGrowWithItsPackets) {
  EXPECT_EQ(ping_deadline(100), 15s);
  EXPECT_EQ(ping_deadline(1), 5100ms);
}

TEST(Deadlines, OfAQuestionDoNotOutliveTheWait) {
  EXPECT_EQ(question_deadline(60s, 10s), 10s);
  EXPECT_EQ(question_deadline(3s, 10s), 3s);
  EXPECT_EQ(question_deadline(0s, 10s), 100ms);
  EXPECT_EQ(question_deadline(-5s, 10s), 100ms);
}

}  // namespace
}  // namespace weir::cli
