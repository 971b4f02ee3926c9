// weir-policy: the policies as a program, for outside simulators, replays and notebooks. See
// README.md beside this file.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "controller/catalog/policies.h"
#include "controller/catalog/trained_policy.h"
#include "controller/simulate/world/fitted_world.h"
#include "policy/step_loop.h"
#include "policy/training.h"

namespace weir::policy {
namespace {

constexpr int k_exit_bad_line = 2;

struct Flags {
  std::string policy;
  std::string checkpoint;
  std::string config;
  std::string settings_of;
  std::string out;
  std::string worlds;
  bool resume = false;
  bool fresh = false;
  std::uint64_t seed = 1;
};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) {
    return fail(Code::not_found, "file " + path + " cannot be read");
  }
  return text.str();
}

Result<const controller::PolicyKind*> find_kind(const controller::PolicyCatalog& catalog,
                                                const std::string& name) {
  if (const auto* kind = catalog.find(name)) return kind;
  return fail(Code::not_found, "no policy " + name + "; `weir-policy list` names them");
}

Result<int> list(const Flags& flags) {
  const controller::PolicyCatalog catalog = controller::all_policies();
  if (!flags.settings_of.empty()) {
    WEIR_ASSIGN(kind, find_kind(catalog, flags.settings_of));
    for (const controller::Tunable& tunable : kind->tunables) {
      fmt::print("{:<20} {:>8g}  {:g} to {:g}  {}\n", tunable.name, tunable.standard, tunable.low,
                 tunable.high, tunable.meaning);
    }
    return 0;
  }
  for (const controller::PolicyKind& kind : catalog.kinds()) {
    fmt::print("{:<26} {}\n", kind.name, kind.summary);
  }
  return 0;
}

Result<int> step(const Flags& flags) {
  const controller::PolicyCatalog catalog = controller::all_policies();
  WEIR_ASSIGN(kind, find_kind(catalog, flags.policy));
  std::map<std::string, double> settings;
  if (!flags.config.empty()) {
    WEIR_ASSIGN(text, read_file(flags.config));
    auto parsed = parse_settings(text);
    if (!parsed) return fail(std::move(parsed).error().within(flags.config));
    settings = std::move(*parsed);
  }
  WEIR_ASSIGN(tuning, controller::Tuning::create(kind->tunables, settings));
  std::string checkpoint;
  if (!flags.checkpoint.empty()) {
    if (!kind->takes_checkpoint) {
      return fail(Code::invalid_argument, "policy " + flags.policy + " takes no checkpoint");
    }
    WEIR_ASSIGN(bytes, read_file(flags.checkpoint));
    checkpoint = std::move(bytes);
  }
  StepSession session(*kind, {.tuning = tuning, .seed = flags.seed, .checkpoint = checkpoint},
                      WEIR_VERSION);
  WEIR_TRY(run_steps(session, 0, 1));
  return session.failed() ? k_exit_bad_line : 0;
}

/// Written beside it first, so that a run that is stopped leaves the last one whole.
Status write_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return fail(Code::unavailable, "file " + path + " cannot be written");
  }
  return {};
}

Result<controller::Checkpoint> start_of_training(const Flags& flags) {
  if (flags.fresh) return controller::Checkpoint{};
  std::string text(controller::shipped_checkpoint());
  if (flags.resume) {
    WEIR_ASSIGN(left, read_file(flags.out));
    text = std::move(left);
  } else if (!flags.checkpoint.empty()) {
    WEIR_ASSIGN(given, read_file(flags.checkpoint));
    text = std::move(given);
  }
  WEIR_ASSIGN(start, controller::read_checkpoint(text));
  if (!flags.resume) start.search.reset();
  if (!flags.resume) start.curve.clear();
  return start;
}

Result<int> train_policy(const Flags& flags) {
  WEIR_ASSIGN(text, read_file(flags.config));
  auto options = read_train_options(text);
  if (!options) return fail(std::move(options).error().within(flags.config));
  options->recipe = "weir-policy train --config " + flags.config;
  if (!flags.worlds.empty()) {
    WEIR_ASSIGN(lines, read_file(flags.worlds));
    auto worlds = controller::read_worlds(lines);
    if (!worlds) return fail(std::move(worlds).error().within(flags.worlds));
    options->worlds = *std::move(worlds);
    options->recipe += " --worlds " + flags.worlds;
  }
  WEIR_ASSIGN(start, start_of_training(flags));
  Status written;
  const auto progress = [&](const controller::CurvePoint& point,
                            const controller::Checkpoint& sofar) {
    fmt::print("generation={} loss={:.4f} validation={:.4f}\n", point.generation, point.loss,
               point.validation);
    std::fflush(stdout);
    written = write_file(flags.out, controller::write_checkpoint(sofar));
    return written.has_value();
  };
  WEIR_ASSIGN(trained, train(*options, start, progress));
  if (!written) return fail(written.error());
  WEIR_TRY(write_file(flags.out, controller::write_checkpoint(trained)));
  return 0;
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Weir's policies, driven from outside: see docs/policy-step.md");
  app.set_version_flag("--version", std::string("weir-policy ") + WEIR_VERSION);
  app.require_subcommand(1);
  Flags flags;
  Result<int> done = 0;

  CLI::App* command = app.add_subcommand("list", "the policies there are");
  command->add_option("--settings", flags.settings_of, "what can be set of one policy");
  command->callback([&] { done = list(flags); });

  command = app.add_subcommand("step", "JSON lines in, JSON lines out");
  command->add_option("--policy", flags.policy, "its name")->required();
  command->add_option("--seed", flags.seed, "of what it draws at random")->capture_default_str();
  command->add_option("--checkpoint", flags.checkpoint, "what it learned before");
  command->add_option("--config", flags.config, "JSON object of its settings");
  command->callback([&] { done = step(flags); });

  command = app.add_subcommand("train", "find better numbers in the simulator");
  command->add_option("--config", flags.config, "JSON object of its options")->required();
  command->add_option("--out", flags.out, "checkpoint, rewritten each generation")->required();
  command->add_option("--checkpoint", flags.checkpoint, "start from here; else from the shipped");
  command->add_option("--worlds", flags.worlds,
                      "models of a live mesh, of weirctl simulate --export, to train on too");
  command->add_flag("--fresh", flags.fresh, "start from the planner as it is, not the shipped");
  command->add_flag("--resume", flags.resume, "go on with the run --out was left by");
  command->callback([&] { done = train_policy(flags); });

  CLI11_PARSE(app, argc, argv);
  if (!done) {
    fmt::print(stderr, "weir-policy: {}\n", done.error().message());
    return 1;
  }
  return *done;
}

}  // namespace
}  // namespace weir::policy

int main(int argc, char** argv) { return weir::policy::run(argc, argv); }
