#include "cli/command_tree.h"

#include <fstream>

#include "cli/help_topics.h"
#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

class CommandTree : public CliTest {
 protected:
  CommandTree() {
    for (const char* name : {"shop/web", "shop/api", "pay/api"}) {
      admin_.services.add_services()->set_service(name);
    }
    for (const auto& [agent, region] :
         {std::pair("us-east-1/agent-1", "us-east-1"), std::pair("us-east-1/agent-2", "us-east-1"),
          std::pair("eu-west-1/agent-1", "eu-west-1")}) {
      auto& row = *admin_.agents.add_agents();
      row.set_agent(agent);
      row.set_region(region);
    }
  }
  /// The words that may come next, a blank between them.
  std::string next(std::vector<std::string> words) {
    std::vector<std::string> arguments = {"__complete", "--", "--socket", socket_};
    arguments.insert(arguments.end(), words.begin(), words.end());
    std::string all;
    std::stringstream lines(weirctl(arguments).out);
    for (std::string line; std::getline(lines, line);) {
      all += (all.empty() ? "" : " ") + line.substr(0, line.find('\t'));
    }
    return all;
  }
};

TEST_F(CommandTree, CompletesCommandsAndOptions) {
  EXPECT_EQ(next({"we"}), "weights");
  EXPECT_EQ(next({"mesh", "token", ""}), "create ls revoke");
  EXPECT_EQ(next({"weights", "explain", "--"}).substr(0, 13), "--help --from");
  EXPECT_EQ(next({"events", "-o", ""}), "table wide json jsonl yaml name csv short junit");
  EXPECT_EQ(next({"--color=al"}), "--color=always");
  EXPECT_EQ(next({"paths", "matrix", "--metric", "p"}), "p50 p99");
  EXPECT_EQ(next({"gen"}), "") << "not for people";
  EXPECT_EQ(next({"nonsense", "--nor", ""}), "");
}

TEST_F(CommandTree, CompletesLiveNames) {
  EXPECT_EQ(next({"weights", "get", "shop/"}), "shop/api shop/web");
  EXPECT_EQ(next({"weights", "explain", "shop/web", "--from", ""}), "eu-west-1 us-east-1");
  EXPECT_EQ(next({"weights", "explain", "--from=eu"}), "--from=eu-west-1");
  EXPECT_EQ(next({"mesh", "remove", "us"}), "us-east-1/agent-1 us-east-1/agent-2");
  EXPECT_EQ(next({"paths", "ping", "us-east-1/agent-1", "eu"}), "eu-west-1/agent-1");
  EXPECT_EQ(next({"simulate", "--fail-path", "us"}), "us-east-1:");
  EXPECT_EQ(next({"simulate", "--fail-path", "us-east-1:"}),
            "us-east-1:eu-west-1 us-east-1:us-east-1");
  EXPECT_EQ(next({"weights", "get", "shop/web", ""}), "") << "there is no second word";
}

TEST_F(CommandTree, CompletesCommandsWithoutAController) {
  stop_controller();
  EXPECT_EQ(next({"weights", "get", "shop/"}), "");
  EXPECT_EQ(next({"sta"}), "status");
}

TEST_F(CommandTree, HelpsWithTopicsAndCommands) {
  EXPECT_TRUE(weirctl({"help"}).out.starts_with("  exit-codes   what a command ended with\n"));
  for (const HelpTopic& topic : help_topics()) {
    const std::string text = weirctl({"help", std::string(topic.name)}).out;
    EXPECT_EQ(text, topic.text());
    std::stringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
  const std::string explain = weirctl({"help", "weights", "explain"}).out;
  EXPECT_NE(explain.find("weirctl weights explain [OPTIONS]"), std::string::npos) << explain;
  EXPECT_NE(explain.find("--from"), std::string::npos) << explain;
  const Outcome typo = weirctl({"help", "exit-code"});
  EXPECT_EQ(typo.exit, 2);
  EXPECT_NE(typo.err.find("weirctl help exit-codes"), std::string::npos) << typo.err;
}

TEST_F(CommandTree, UpkeepAsksForWhatItIsTold) {
  admin_.snapshot.mutable_snapshot()->set_folder("/var/lib/weir-controller/snapshots/now");
  admin_.snapshot.mutable_snapshot()->set_commit(7);
  admin_.snapshot.mutable_snapshot()->set_bytes(3U << 20);
  admin_.snapshot.add_removed("/var/lib/weir-controller/snapshots/then");
  const Outcome run = weirctl({"admin", "snapshot", "--keep", "5"});
  EXPECT_EQ(run.out,
            "FOLDER                                  COMMIT     SIZE\n"
            "/var/lib/weir-controller/snapshots/now       7  3.0 MiB\n");
  EXPECT_EQ(run.err, "removed /var/lib/weir-controller/snapshots/then\n");
  EXPECT_EQ(admin_.snapshot_asked->keep(), 5U);
  EXPECT_EQ(weirctl({"admin", "snapshot", "-o", "name"}).out,
            "/var/lib/weir-controller/snapshots/now\n");
  EXPECT_EQ(weirctl({"admin", "snapshot", "--keep", "0"}).exit, 2);
  EXPECT_EQ(weirctl({"admin", "log-level", "debug"}).out,
            "log level info -> debug, until the controller ends\n");
  EXPECT_EQ(weirctl({"admin", "log-level", "config"}).exit, 0);
  EXPECT_EQ(admin_.log_level_asked->level(), "");
  EXPECT_EQ(weirctl({"admin", "log-level", "loud"}).exit, 2);
}

TEST_F(CommandTree, HasAScriptForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(weirctl({"completion", shell}).out.find("weirctl __complete --"), std::string::npos);
  }
  EXPECT_EQ(weirctl({"completion", "tcsh"}).exit, 2);
}

TEST_F(CommandTree, IsWhatTheReferenceSays) {
  std::ifstream file(WEIR_DOCS "/weirctl.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(weirctl({"gen-docs", "markdown"}).out, page.str())
      << "write it anew: weirctl gen-docs markdown > docs/weirctl.md";
  const std::string man = weirctl({"gen-docs", "man"}).out;
  EXPECT_TRUE(man.starts_with(".TH WEIRCTL 1"));
  EXPECT_NE(man.find(".SS \"weirctl weights explain SERVICE \\-\\-from REGION [OPTIONS]\""),
            std::string::npos)
      << man;
}

}  // namespace
}  // namespace weir::cli
