#include "agent/app/options.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace weir::agent {
namespace {

/// What the agent makes of a file with this text.
Result<LoadedOptions> read(const std::string& text) {
  const auto file =
      std::filesystem::temp_directory_path() / ("weir_agent_" + std::to_string(::getpid()));
  std::ofstream(file) << "discovery: {file: /etc/weir/endpoints.yaml}\n" << text;
  auto loaded = load_options(file);
  std::filesystem::remove(file);
  return loaded;
}

TEST(AgentOptions, RunNoProgramsUnlessToldWhereTheyLie) {
  const auto plain = read("");
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_TRUE(plain->options.exec_dir.empty());
  const auto set = read("health: {exec_dir: /etc/weir/checks}\n");
  ASSERT_TRUE(set) << set.error().message();
  EXPECT_EQ(set->options.exec_dir, "/etc/weir/checks");
  const auto relative = read("health: {exec_dir: checks}\n");
  ASSERT_FALSE(relative);
  EXPECT_NE(relative.error().message().find("must be an absolute path"), std::string::npos)
      << relative.error().message();
}

}  // namespace
}  // namespace weir::agent
