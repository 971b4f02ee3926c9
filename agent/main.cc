// weir-agent: flags and signals. What the agent is made of stands in agent/app/agent.h.

#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "agent/app/agent.h"
#include "agent/app/join.h"
#include "agent/app/options.h"

namespace {

using namespace weir;
using namespace weir::agent;

constexpr const char* k_default_config = "/etc/weir/agent.yaml";

int complain(const Error& error) {
  std::fprintf(stderr, "weir-agent: %s\n", error.message().c_str());
  return 1;
}

Result<std::string> read_token(const std::string& file) {
  std::ifstream opened;
  if (file != "-") opened.open(file);
  std::istream& stream = file == "-" ? std::cin : opened;
  if (!stream) return fail(Code::not_found, "token file " + file + " cannot be read");
  std::string text(4096, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

int run_join(const std::string& config_file, const std::string& token_file, JoinRequest request) {
  const auto loaded = load_options(config_file);
  if (!loaded) return complain(loaded.error());
  auto token = read_token(token_file);
  if (!token) return complain(token.error());
  request.token_text = *std::move(token);
  SystemClock clock;
  const Log log(loaded->options.log_level, loaded->options.log_format);
  const auto joined = join(loaded->options, request, clock, log);
  if (!joined) return complain(joined.error());
  std::puts(joined->c_str());
  return 0;
}

/// The first signal stops the agent in order; a second one ends it at once.
boost::asio::awaitable<void> stop_on_signal(Agent& agent, boost::asio::signal_set& signals) {
  const auto [problem, number] =
      co_await signals.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  if (problem) co_return;
  signals.clear();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  co_await agent.stop();
}

int run_agent(const std::string& config_file) {
  auto loaded = load_options(config_file);
  if (!loaded) return complain(loaded.error());
  auto directory = StateDir::open(loaded->options.state_dir);
  if (!directory) return complain(directory.error());
  auto identity = load_identity(*directory);
  if (!identity) return complain(identity.error());

  SystemClock clock;
  Log log(loaded->options.log_level, loaded->options.log_format);
  boost::asio::io_context core(1);
  Supervisor supervisor = Supervisor::from_environment();
  Agent agent(core, clock, log, supervisor, std::move(loaded->options), *std::move(directory),
              *std::move(identity));
  if (const Status started = agent.start(); !started) return complain(started.error());
  boost::asio::signal_set signals(core, SIGINT, SIGTERM);
  TaskGroup tasks(core.get_executor());
  tasks.spawn("signals", stop_on_signal(agent, signals));
  core.run();
  return 0;
}

int check_config(const std::string& config_file) {
  const auto loaded = load_options(config_file);
  if (!loaded) return complain(loaded.error());
  std::fputs(loaded->effective.c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Weir's agent: one in every cluster. Joins the mesh, measures it, moves traffic.");
  app.require_subcommand(1);
  app.set_version_flag("--version", "weir-agent 0.1.0");
  std::string config = k_default_config;
  std::string token_file;
  JoinRequest request;

  CLI::App* run = app.add_subcommand("run", "Run until SIGTERM or SIGINT");
  CLI::App* join_command =
      app.add_subcommand("join", "Redeem a join token, once, before the first run");
  CLI::App* check = app.add_subcommand("check-config", "Check the configuration and print it");
  for (CLI::App* command : {run, join_command, check}) {
    command->add_option("--config", config, "Configuration file")->capture_default_str();
  }
  join_command
      ->add_option("--token-file", token_file, "File with the join token; - for standard input")
      ->required();
  join_command->add_option("--region", request.region,
                           "Refuse to join unless the token says this region");
  join_command->add_option("--cluster", request.cluster,
                           "Refuse to join unless the token says this cluster");
  join_command->add_flag("--replace", request.replace, "Give up the identity this machine has");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // What a peer sends must not write lines nobody limits; what is wrong with it is told by us.
  google::protobuf::SetLogHandler(nullptr);
  if (*check) return check_config(config);
  if (*join_command) return run_join(config, token_file, request);
  return run_agent(config);
}
