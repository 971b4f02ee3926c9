#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

constexpr std::int64_t k_noon_ms = StoryClock::k_noon_ms;

class CliMesh : public CliTest {
 protected:
  void add_agent(const std::string& name, bool connected) {
    auto& agent = *admin_.agents.add_agents();
    agent.set_agent(name);
    agent.set_cluster("main");
    agent.set_overlay_address("10.90.0.2");
    agent.set_version("0.1.0");
    agent.set_connected(connected);
    agent.set_last_seen_unix_ms(k_noon_ms - 2000);
    agent.set_acked_epoch(1);
    agent.set_acked_generation(12);
  }
};

TEST_F(CliMesh, ListsAgentsTheWorstFirst) {
  add_agent("eu-west-1/agent-1", true);
  add_agent("us-east-1/agent-1", false);
  const Outcome run = weirctl({"mesh", "ls"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out,
            "AGENT              CLUSTER  ADDRESS    REVISION  SEEN    VERSION  STATE\n"
            "us-east-1/agent-1  main     10.90.0.2      1.12  2s ago  0.1.0    gone\n"
            "eu-west-1/agent-1  main     10.90.0.2      1.12  2s ago  0.1.0    connected\n");
}

TEST_F(CliMesh, FollowsAgentsServicesAndFailovers) {
  add_agent("eu-west-1/agent-1", true);
  struct Case {
    std::vector<std::string> command;
    const char* kind;
  };
  for (const Case& row :
       {Case{{"mesh", "ls", "--watch"}, "AgentList"}, Case{{"services", "ls", "-w"}, "ServiceList"},
        Case{{"failover", "ls", "-w"}, "FailoverList"}}) {
    std::vector<std::string> command = row.command;
    command.insert(command.end(), {"-o", "json"});
    const Outcome run = weirctl(command);
    EXPECT_EQ(run.exit, 0) << run.err;
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 2) << "one line for each change";
    EXPECT_NE(run.out.find(row.kind), std::string::npos) << run.out;
  }
}

TEST_F(CliMesh, SaysOnStandardErrorThatThereIsNothing) {
  const Outcome run = weirctl({"mesh", "ls"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("weirctl mesh token create"), std::string::npos);
}

TEST_F(CliMesh, PrintsATokenAloneOnStandardOutput) {
  admin_.token.set_secret("weir1.abc");
  admin_.token.mutable_token()->set_id("0102");
  admin_.token.mutable_token()->set_region("us-east-1");
  admin_.token.mutable_token()->set_cluster("main");
  admin_.token.mutable_token()->set_uses_left(1);
  admin_.token.mutable_token()->set_expires_unix_ms(k_noon_ms + 600'000);
  const Outcome run = weirctl(
      {"mesh", "token", "create", "--region", "us-east-1", "--cluster", "main", "--ttl", "10m"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, "weir1.abc\n");
  EXPECT_EQ(run.err,
            "token 0102 for region us-east-1, cluster main: 1 use, ends in 10m\n"
            "next: weir-agent join --token-file FILE --config /etc/weir/agent.yaml\n");
  ASSERT_TRUE(admin_.token_asked);
  EXPECT_EQ(admin_.token_asked->ttl_s(), 600U);
  EXPECT_EQ(admin_.token_asked->uses(), 1U);
}

TEST_F(CliMesh, WritesATokenToAFileThatOnlyItsOwnerReads) {
  admin_.token.set_secret("weir1.abc");
  const std::string file = folder_ + "/token";
  const std::vector<std::string> command = {"mesh",      "token", "create", "--region", "us-east-1",
                                            "--cluster", "main",  "--out",  file};
  const Outcome run = weirctl(command);
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "");
  std::string line;
  std::getline(std::ifstream(file) >> std::ws, line);
  EXPECT_EQ(line, "weir1.abc");
  struct stat found{};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);

  std::filesystem::remove(file);
  std::vector<std::string> in_json = command;
  in_json.insert(in_json.end(), {"-o", "json"});
  const Outcome document = weirctl(in_json);
  EXPECT_EQ(document.exit, 0) << document.err;
  EXPECT_NE(document.out.find("\"TokenCreated\""), std::string::npos) << document.out;
  EXPECT_EQ(document.out.find("weir1.abc"), std::string::npos) << "the file alone has the secret";

  admin_.token_asked.reset();
  const Outcome again = weirctl(command);
  EXPECT_EQ(again.exit, 1) << "an existing file is not overwritten";
  EXPECT_FALSE(admin_.token_asked) << "and no token is made that nobody would have";
}

TEST_F(CliMesh, LeavesNoFileWhenTheControllerRefuses) {
  admin_.error = Error(Code::not_found, "no region us-east-9");
  const std::string file = folder_ + "/token";
  const Outcome run = weirctl(
      {"mesh", "token", "create", "--region", "us-east-9", "--cluster", "main", "--out", file});
  EXPECT_EQ(run.exit, 8);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(CliMesh, ListsTokensWithoutTheirSecrets) {
  auto& token = *admin_.tokens.add_tokens();
  token.set_id("0102");
  token.set_region("us-east-1");
  token.set_cluster("main");
  token.set_state("redeemed");
  token.set_created_unix_ms(k_noon_ms - 120'000);
  token.set_expires_unix_ms(k_noon_ms + 480'000);
  token.add_redeemed_by("us-east-1/agent-1");
  const Outcome run = weirctl({"mesh", "token", "ls"});
  EXPECT_EQ(run.out,
            "TOKEN  REGION     CLUSTER  STATE     USES LEFT  ENDS   CREATED  REDEEMED BY\n"
            "0102   us-east-1  main     redeemed          0  in 8m  2m ago   us-east-1/agent-1\n");
}

TEST_F(CliMesh, RemovesAnAgentOnlyWhenToldSo) {
  const Outcome silent = weirctl({"mesh", "remove", "us-east-1/agent-1"});
  EXPECT_EQ(silent.exit, 7);
  EXPECT_NE(silent.err.find("--yes"), std::string::npos);
  EXPECT_FALSE(admin_.removal_asked);

  in_is_tty_ = true;
  answer_ = "n\n";
  EXPECT_EQ(weirctl({"mesh", "remove", "us-east-1/agent-1"}).exit, 7);
  EXPECT_FALSE(admin_.removal_asked);

  answer_ = "y\n";
  EXPECT_EQ(weirctl({"mesh", "remove", "us-east-1/agent-1"}).exit, 0);
  ASSERT_TRUE(admin_.removal_asked);
  EXPECT_EQ(admin_.removal_asked->agent(), "us-east-1/agent-1");
}

TEST_F(CliMesh, AsksForATokenThatReplacesAnAgent) {
  admin_.token.set_secret("weir1.abc");
  const Outcome run = weirctl({"mesh", "token", "create", "--region", "r", "--cluster", "c",
                               "--replaces", "us-east-1/agent-1"});
  EXPECT_EQ(run.exit, 0) << run.err;
  ASSERT_TRUE(admin_.token_asked);
  EXPECT_EQ(admin_.token_asked->replaces(), "us-east-1/agent-1");
}

TEST_F(CliMesh, RefusesATimeItCannotRead) {
  const Outcome run =
      weirctl({"mesh", "token", "create", "--region", "r", "--cluster", "c", "--ttl", "soon"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_FALSE(admin_.token_asked);
}

}  // namespace
}  // namespace weir::cli
