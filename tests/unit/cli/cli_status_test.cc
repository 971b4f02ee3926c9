// weirctl status, version, and what every command shares: errors, exit codes, usage, colour.

#include <gtest/gtest.h>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;

admin::v1::StatusReply whole_mesh() {
  admin::v1::StatusReply status;
  status.set_version("0.1.0");
  status.set_mesh("demo");
  status.set_epoch(3);
  status.set_generation(8841);
  status.set_started_unix_ms(k_noon_ms - (2 * 3600 + 13 * 60) * 1000);
  status.set_store("rocksdb");
  status.set_agents_total(3);
  status.set_agents_connected(3);
  status.set_agents_synced(3);
  status.set_paths_total(6);
  status.set_paths_up(6);
  status.set_services(1);
  status.set_endpoints_total(6);
  status.set_endpoints_healthy(6);
  status.set_last_publish_unix_ms(k_noon_ms - 4000);
  return status;
}

class CliStatus : public CliTest {};

TEST_F(CliStatus, ShowsTheMeshOnOneScreen) {
  admin_.status = whole_mesh();
  const Outcome run = weirctl({"status"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out,
            "weir 0.1.0  mesh demo  revision 3.8841  store rocksdb  up 2h13m\n"
            "\n"
            "Agents     OK    3/3 connected, 3/3 on the newest revision\n"
            "Mesh       OK    6/6 paths up\n"
            "Services   OK    1 service, 6/6 endpoints healthy\n"
            "Failover   OK    none active\n"
            "Weights    OK    published 4s ago, 0 pinned\n");
}

TEST_F(CliStatus, SaysWhatIsWrongInWordsAndKeepsTheExitCode) {
  admin_.status = whole_mesh();
  admin_.status.set_agents_connected(2);
  admin_.status.set_paths_up(0);
  admin_.status.set_active_failovers(1);
  admin_.status.add_warnings("eu-west-1/agent-1 silent for 14s\x1b[31m");
  const Outcome run = weirctl({"status"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_NE(run.out.find("Agents     WARN  2/3 connected"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("Mesh       FAIL  0/6 paths up"), std::string::npos);
  EXPECT_NE(run.out.find("Failover   WARN  1 active: weirctl failover ls"), std::string::npos);
  EXPECT_NE(run.out.find("1 warning\n  eu-west-1/agent-1 silent for 14s\\x1b[31m\n"),
            std::string::npos);
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos) << "no colour without a terminal";
}

TEST_F(CliStatus, PrintsOneJsonDocumentAroundTheReply) {
  admin_.status.set_mesh("demo");
  admin_.status.set_generation(7);
  const Outcome run = weirctl({"status", "-o", "json"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_TRUE(
      run.out.starts_with("{\n \"apiVersion\": \"weir.v1\",\n \"kind\": \"Status\",\n"
                          " \"version\": \"\",\n \"mesh\": \"demo\",\n \"epoch\": \"0\",\n"
                          " \"generation\": \"7\",\n"))
      << run.out;
  EXPECT_TRUE(run.out.ends_with("}\n"));
}

TEST_F(CliStatus, WatchesWithOneJsonDocumentALine) {
  admin_.statuses = {whole_mesh(), whole_mesh()};
  const Outcome run = weirctl({"status", "-w", "-o", "json"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 2);
  EXPECT_TRUE(run.out.starts_with("{\"apiVersion\":\"weir.v1\",\"kind\":\"Status\",\"version\":"));
}

TEST_F(CliStatus, WaitsUntilTheExpectedAgentsAreThere) {
  admin::v1::StatusReply two = whole_mesh();
  two.set_agents_total(2);
  two.set_agents_connected(2);
  two.set_agents_synced(2);
  two.set_paths_total(2);
  two.set_paths_up(2);
  admin::v1::StatusReply behind = whole_mesh();
  behind.set_agents_synced(2);
  admin_.statuses = {two, behind};
  admin_.status = whole_mesh();
  const Outcome run = weirctl({"status", "--wait", "--expect-agents", "3"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_TRUE(admin_.statuses.empty());
}

TEST_F(CliStatus, NamesTheCauseWhenTheWaitIsOver) {
  admin_.status = whole_mesh();
  admin_.status.set_paths_up(4);
  const Outcome run = weirctl({"status", "--wait", "--expect-agents", "3", "--timeout", "5s"});
  EXPECT_EQ(run.exit, 4);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            "weirctl: the mesh is not whole after 5s\n"
            "  why:  4 of 6 paths up\n"
            "  next: weirctl mesh ls; weirctl paths ls\n");
}

TEST_F(CliStatus, ExplainsAControllerThatCannotBeReached) {
  stop_controller();
  const Outcome run = weirctl({"status"});
  EXPECT_EQ(run.exit, 5);
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(run.err.starts_with("weirctl: cannot get the status\n  why:  ")) << run.err;
  EXPECT_NE(run.err.find("\n  next: is weir-controller running, and may you open " + socket_),
            std::string::npos)
      << run.err;
}

TEST_F(CliStatus, TellsTheVersionsOfBothEnds) {
  admin_.status.set_version("9.9.9");
  const Outcome run = weirctl({"version", "-o", "json"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_NE(run.out.find("\"controller\":\"9.9.9\""), std::string::npos) << run.out;
  stop_controller();
  EXPECT_EQ(weirctl({"version"}).exit, 0);
}

struct ErrorCase {
  Code code;
  int exit;
};

TEST_F(CliStatus, MapsErrorsToExitCodes) {
  for (const ErrorCase& row :
       {ErrorCase{Code::internal, 1}, ErrorCase{Code::invalid_argument, 2},
        ErrorCase{Code::deadline_exceeded, 4}, ErrorCase{Code::unavailable, 5},
        ErrorCase{Code::permission_denied, 6}, ErrorCase{Code::failed_precondition, 7},
        ErrorCase{Code::not_found, 8}}) {
    admin_.error = Error(row.code, "because");
    EXPECT_EQ(weirctl({"mesh", "ls"}).exit, row.exit) << code_name(row.code);
  }
}

TEST_F(CliStatus, SuggestsTheCommandThatWasMeant) {
  const Outcome run = weirctl({"staus"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_NE(run.err.find("did you mean \"status\"?"), std::string::npos) << run.err;
  const Outcome nested = weirctl({"weights", "explian"});
  EXPECT_EQ(nested.exit, 2);
  EXPECT_NE(nested.err.find("did you mean \"explain\"?"), std::string::npos) << nested.err;
}

TEST_F(CliStatus, SaysThatAFileToCheckIsNotThere) {
  const Outcome run = weirctl({"config", "check", "-f", folder_ + "/none.yaml"});
  EXPECT_EQ(run.exit, 8);
  EXPECT_NE(run.err.find("No such file or directory"), std::string::npos) << run.err;
}

TEST_F(CliStatus, HelpsOnStandardOutput) {
  const Outcome run = weirctl({"--help"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_NE(run.out.find("Examples:"), std::string::npos);
}

TEST_F(CliStatus, ColoursOnlyATerminal) {
  admin_.status = whole_mesh();
  out_is_tty_ = true;
  EXPECT_NE(weirctl({"status"}).out.find("\x1b[32mOK"), std::string::npos);
  EXPECT_EQ(weirctl({"status", "--no-color"}).out.find('\x1b'), std::string::npos);
  out_is_tty_ = false;
  EXPECT_NE(weirctl({"status", "--color", "always"}).out.find("\x1b[32mOK"), std::string::npos);
}

TEST_F(CliStatus, IsCheckedByItsExitCode) {
  admin_.status.set_agents_total(2);
  admin_.status.set_agents_connected(2);
  admin_.status.set_agents_synced(2);
  admin_.status.set_paths_total(2);
  admin_.status.set_paths_up(2);
  EXPECT_EQ(weirctl({"status", "--check"}).exit, 0);
  EXPECT_EQ(weirctl({"status", "--check", "--expect-agents", "3"}).exit, 3);
  admin_.status.set_paths_up(1);
  const Outcome run = weirctl({"status", "--check"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_NE(run.out.find("1/2 paths up"), std::string::npos) << "the status is shown all the same";
  EXPECT_NE(run.err.find("1 of 2 paths up"), std::string::npos);
  EXPECT_EQ(weirctl({"status"}).exit, 0) << "nobody asked";
}

TEST_F(CliStatus, IsGatheredWithAllElse) {
  auto& agent = *admin_.agents.add_agents();
  agent.set_agent("us/agent-1");
  agent.set_endpoint("192.0.2.7:51820");
  agent.set_overlay_address("10.90.0.2");
  auto& event = *admin_.events.add_events();
  event.set_message("192.0.2.7 and [2001:db8::17]:51820 at 12:30");
  const std::string whole = weirctl({"gather"}).out;
  EXPECT_EQ(std::ranges::count(whole, '\n'), 10);
  EXPECT_NE(whole.find("192.0.2.7:51820"), std::string::npos);
  const Outcome redacted = weirctl({"gather", "--redact"});
  EXPECT_EQ(redacted.exit, 0);
  EXPECT_EQ(redacted.out.find("192.0.2.7"), std::string::npos);
  EXPECT_NE(redacted.out.find("\"message\":\"address-2 and [address-3]:51820 at 12:30\""),
            std::string::npos)
      << redacted.out;
}

TEST_F(CliStatus, IsGatheredAsFarAsItComes) {
  stop_controller();
  const Outcome run = weirctl({"gather"});
  EXPECT_EQ(run.exit, 5);
  EXPECT_TRUE(run.out.empty());
  EXPECT_NE(run.err.find("ListEvents: "), std::string::npos);
}

}  // namespace
}  // namespace weir::cli
