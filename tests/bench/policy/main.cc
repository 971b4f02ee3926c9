// Every policy through every scenario under the same random numbers: README.md beside this file.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "controller/catalog/policies.h"
#include "tests/bench/policy/report.h"
#include "tests/bench/policy/tune.h"

namespace weir::bench {
namespace {

struct Flags {
  std::string scenarios = WEIR_SCENARIOS;
  SuiteChoice suite{.families = {"test"},
                    .maps = {"test"},
                    .loads = {0.5, 0.6, 0.7, 0.8, 0.9},
                    .seeds = 10,
                    .objective = 1,
                    .goal = Goal::goodput,
                    .keep = 0.99};
  std::vector<std::string> policies = {"all"};
  std::string tuned;
  std::string checkpoint;
  std::string ours = "learned";
  std::string json;
  std::vector<std::string> with;
  unsigned threads = std::thread::hardware_concurrency();
  std::uint64_t static_seeds = 2;
  int static_evaluations = 40;
  int evaluations = 50;
  bool quick = false;
  bool quiet = false;
};

/// One family with and one without trouble on one map: enough to see that everything runs.
void choose_quick(Flags& flags) {
  flags.suite = {.families = {"steady", "brown-out"},
                 .maps = {"aws-four"},
                 .loads = {0.7},
                 .seeds = 2,
                 .objective = flags.suite.objective,
                 .goal = flags.suite.goal,
                 .keep = flags.suite.keep};
  flags.static_evaluations = 12;
  flags.evaluations = 3;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return fail(Code::not_found, path + " cannot be read");
  return text.str();
}

Result<std::vector<Contestant>> contestants_of(const Flags& flags,
                                               const controller::PolicyCatalog& catalog) {
  if (flags.policies == std::vector<std::string>{"none"}) return std::vector<Contestant>();
  TunedSettings tuned;
  if (!flags.tuned.empty()) {
    WEIR_ASSIGN(read, read_tuned(flags.tuned));
    tuned = std::move(read);
  }
  std::string checkpoint;
  if (!flags.checkpoint.empty()) {
    WEIR_ASSIGN(bytes, read_file(flags.checkpoint));
    checkpoint = std::move(bytes);
  }
  return choose_contestants(catalog, flags.policies, tuned, checkpoint);
}

void say_progress(std::size_t done, std::size_t all) {
  if (done % (all / 20 + 1) != 0 && done != all) return;
  std::fprintf(stderr, "%zu of %zu runs\n", done, all);
}

Status compare(const Flags& flags) {
  const controller::PolicyCatalog catalog = controller::all_policies();
  Contest contest;
  contest.objective = flags.suite.objective;
  WEIR_ASSIGN(contestants, contestants_of(flags, catalog));
  WEIR_ASSIGN(cells, load_suite(flags.scenarios, flags.suite));
  contest.contestants = std::move(contestants);
  contest.cells = std::move(cells);
  ContestOptions options{.threads = flags.threads,
                         .static_seeds = flags.static_seeds,
                         .static_evaluations = flags.static_evaluations,
                         .progress = {}};
  if (!flags.quiet) options.progress = say_progress;
  if (!contest.contestants.empty()) {
    WEIR_ASSIGN(records, run_contest(contest.contestants, contest.cells, options));
    contest.records = std::move(records);
  }
  for (const std::string& file : flags.with) WEIR_TRY(add_earlier(contest, file));
  print_scenarios(contest);
  print_summary(contest);
  print_against(contest, flags.ours);
  if (!flags.json.empty()) WEIR_TRY(write_json(contest, flags.json));
  return {};
}

Status tune_all(const Flags& flags, const std::string& out) {
  const controller::PolicyCatalog catalog = controller::all_policies();
  WEIR_ASSIGN(contestants, contestants_of(flags, catalog));
  WEIR_ASSIGN(cells, load_suite(flags.scenarios, flags.suite));
  std::printf("%d evaluations each over %zu scenarios x %zu seeds\n", flags.evaluations,
              cells.size(), cells.front().by_seed.size());
  TunedSettings found;
  for (const Contestant& contestant : contestants) {
    if (contestant.best_static || contestant.oracle) continue;
    const auto result =
        tune(contestant, cells, {.evaluations = flags.evaluations, .threads = flags.threads});
    if (!result) return fail(result.error());
    std::printf("%-28s %7.3f %% standard, %7.3f %% best\n", contestant.name.c_str(),
                100 * result->standard, 100 * result->best);
    std::fflush(stdout);
    if (result->settings.empty()) continue;
    found[contestant.name] = result->settings;
    if (!out.empty()) WEIR_TRY(write_tuned(out, found));
  }
  return {};
}

void add_suite_flags(CLI::App& app, Flags& flags) {
  app.add_option("--scenarios", flags.scenarios, "folder with maps/ and families/");
  app.add_option("--families", flags.suite.families, "names, training, validation, test, all")
      ->delimiter(',');
  app.add_option("--maps", flags.suite.maps, "likewise")->delimiter(',');
  app.add_option("--loads", flags.suite.loads, "mean demand over capacity")->delimiter(',');
  app.add_option("--seeds", flags.suite.seeds, "paired runs of each scenario")
      ->check(CLI::Range(1, 1000));
  app.add_option("--objective", flags.suite.objective, "steered for")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, std::size_t>{{"tight", 0}, {"middle", 1}, {"wide", 2}}));
  app.add_option("--goal", flags.suite.goal, "of the policies that have goals")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Goal>{{"goodput", Goal::goodput},
                                                                      {"latency", Goal::latency},
                                                                      {"tail", Goal::tail},
                                                                      {"cost", Goal::cost}}));
  app.add_option("--keep", flags.suite.keep, "share within the objective the cost goal keeps")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option(
         "--policies", flags.policies,
         "names, NAME* for tuned settings, NAME-weights without limits in flight, all, none")
      ->delimiter(',');
  app.add_option("--checkpoint", flags.checkpoint, "of policies that take one");
  app.add_option("--threads", flags.threads, "runs at a time")->check(CLI::Range(1, 1024));
  app.add_flag("--quick", flags.quick, "two families, one map, one load, two seeds");
  app.add_flag("--quiet", flags.quiet, "no progress on standard error");
}

int run(int argc, char** argv) {
  Flags flags;
  // The quick choice is a start; what is named after it holds.
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--quick") choose_quick(flags);
  }
  std::string out;
  CLI::App app("Compares policies in the simulator");
  add_suite_flags(app, flags);
  app.add_option("--tuned", flags.tuned, "settings `tune` found; `all` then has NAME* as well");
  app.add_option("--ours", flags.ours, "whom to hold against the others")->capture_default_str();
  app.add_option("--json", flags.json, "file for every run");
  app.add_option("--with", flags.with, "files of earlier runs whose policies take part too");
  app.add_option("--static-evaluations", flags.static_evaluations, "of the best fixed weights");
  app.add_option("--static-seeds", flags.static_seeds, "runs per such evaluation");
  CLI::App* tuning = app.add_subcommand("tune", "random search for every policy's settings");
  add_suite_flags(*tuning, flags);
  tuning->add_option("--evaluations", flags.evaluations, "settings tried per policy");
  tuning->add_option("--out", out, "file for what was found");
  CLI11_PARSE(app, argc, argv);
  const Status done = tuning->parsed() ? tune_all(flags, out) : compare(flags);
  if (done) return 0;
  std::fprintf(stderr, "weir-bench-policy: %s\n", done.error().message().c_str());
  return 1;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) { return weir::bench::run(argc, argv); }
