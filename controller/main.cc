// weir-controller: see README.md in the root of the tree, and docs/architecture.md.

#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "common/config/config.h"
#include "controller/app/controller_app.h"
#include "controller/app/options.h"
#include "controller/dashboard_files.h"

namespace weir::controller {
namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "weir-controller: %s\n", error.message().c_str());
  return 1;
}

int check_config(const std::string& file) {
  auto config = Config::load(file);
  if (!config) return complain(config.error());
  const auto options = read_controller_options(*config);
  if (!options) return complain(options.error());
  std::fputs(config->effective().c_str(), stdout);
  return 0;
}

int run(const std::string& file) {
  auto config = Config::load(file);
  if (!config) return complain(config.error());
  const auto options = read_controller_options(*config);
  if (!options) return complain(options.error());
  std::signal(SIGPIPE, SIG_IGN);
  // What a peer sends must not write lines nobody limits; what is wrong with it is told by us.
  google::protobuf::SetLogHandler(nullptr);
  const Status ended = run_controller(*options, dashboard_files());
  return ended ? 0 : complain(ended.error());
}

int main_of(int argc, char** argv) {
  CLI::App app("Weir's controller: who belongs to the mesh, and which region gets which share");
  app.set_version_flag("--version", "weir-controller " WEIR_VERSION);
  app.require_subcommand(1);
  std::string file;
  CLI::App* run_command = app.add_subcommand("run", "Run until SIGTERM or SIGINT");
  CLI::App* check_command =
      app.add_subcommand("check-config", "Check the file and print the effective values");
  for (CLI::App* command : {run_command, check_command}) {
    command->add_option("--config", file, "controller.yaml")->required();
  }
  CLI11_PARSE(app, argc, argv);
  return check_command->parsed() ? check_config(file) : run(file);
}

}  // namespace
}  // namespace weir::controller

int main(int argc, char** argv) { return weir::controller::main_of(argc, argv); }
