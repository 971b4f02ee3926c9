// weirctl apply, diff: files of what operators change at run time, against what there is.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fstream>
#include <istream>
#include <utility>

#include "cli/command/command.h"
#include "cli/command/live_documents.h"
#include "cli/command/show_plain.h"
#include "cli/documents/difference.h"
#include "cli/render/text.h"
#include "common/config/config.h"

namespace weir::cli {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> prune;
  bool dry_run = false;
  bool yes = false;
};

const std::vector<std::string> k_kinds = {"Pin", "PolicyMode", "Guardrail"};

/// "-": what comes in.
Result<std::string> read_file(AdminSession& session, const std::string& file) {
  std::ifstream stream;
  if (file != "-") stream.open(file, std::ios::binary);
  std::istream& in = file == "-" ? session.terminal().in : stream;
  if (file != "-" && !stream) return fail(Code::not_found, file + " cannot be read");
  std::string text(k_config_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > k_config_bytes_max) {
    return fail(Code::invalid_argument, file + " is larger than 1 MiB");
  }
  return text;
}

/// Every document of a kind that is wanted or to be pruned, as it is there.
Result<std::vector<Document>> live_of(AdminSession& session, const std::vector<Document>& want,
                                      const std::vector<std::string>& prune) {
  std::vector<Document> have;
  for (const std::string& kind : k_kinds) {
    const bool needed =
        std::ranges::count(prune, kind) > 0 || std::ranges::count(want, kind, &Document::kind) > 0;
    if (!needed) continue;
    WEIR_ASSIGN(some, live_documents(session, kind));
    std::ranges::move(some, std::back_inserter(have));
  }
  return have;
}

struct Plan {
  std::vector<Step> steps;
  Exit failed = Exit::ok;  // else it was told why
};

Plan plan_of(AdminSession& session, const Options& options, const std::string& what) {
  const auto refuse = [&](const Error& why) {
    return Plan{.steps = {}, .failed = session.fail_with(what, why, "weirctl get pins -o yaml")};
  };
  const auto text = read_file(session, options.file);
  if (!text) return refuse(text.error());
  const auto want = parse_documents(*text, options.file == "-" ? "standard input" : options.file);
  if (!want) return refuse(want.error());
  const auto have = live_of(session, *want, options.prune);
  if (!have) return refuse(have.error());
  return {.steps = difference(*have, *want, options.prune)};
}

boost::json::array as_json(const std::vector<Step>& steps) {
  boost::json::array all;
  for (const Step& step : steps) {
    boost::json::object row{{"action", boost::json::string_view(step.action())},
                            {"kind", step.either().kind},
                            {"name", step.either().name}};
    if (step.have) row.emplace("before", fields_of(*step.have).at("spec"));
    if (step.want) row.emplace("after", fields_of(*step.want).at("spec"));
    all.push_back(std::move(row));
  }
  return all;
}

Exit diff(AdminSession& session, const Options& options) {
  const Plan plan = plan_of(session, options, "cannot compare " + options.file);
  if (plan.failed != Exit::ok) return plan.failed;
  show_plain(session, "Difference", {{"steps", as_json(plan.steps)}},
             [&] { return in_words(plan.steps); });
  return changes_in(plan.steps) == 0 ? Exit::ok : Exit::condition;
}

/// The difference first, then the question, then one step after the other.
Exit apply(AdminSession& session, const Options& options) {
  const std::string failed = "cannot apply " + options.file;
  const Plan plan = plan_of(session, options, failed);
  if (plan.failed != Exit::ok) return plan.failed;
  const std::size_t changes = changes_in(plan.steps);
  for (const Step& step : plan.steps) {
    // Before anything changes the controller is asked about all of it.
    const Status would = take_step(session, step, true);
    if (would) continue;
    return session.fail_with(failed + ": " + step.either().kind + " " + step.either().name,
                             would.error(), "nothing was changed; weirctl diff -f " + options.file);
  }
  if (options.dry_run || changes == 0) {
    show_plain(session, "ApplyPlan", {{"steps", as_json(plan.steps)}},
               [&] { return in_words(plan.steps); });
    if (!session.json()) {
      session.terminal().err << (changes == 0 ? "nothing to change\n"
                                              : "dry run, nothing was changed\n");
    }
    return Exit::ok;
  }
  session.terminal().err << in_words(plan.steps);
  if (!session.agree("Apply?", options.yes)) return Exit::refused;
  std::size_t done = 0;
  for (const Step& step : plan.steps) {
    const Status taken = take_step(session, step, false);
    if (!taken) {
      return session.fail_with(fmt::format("{}: {} {}, after {} of {} changes", failed,
                                           step.either().kind, step.either().name, done, changes),
                               taken.error(), "weirctl diff -f " + options.file);
    }
    done += step.action() == "keep" ? 0 : 1;
  }
  show_plain(session, "Applied", {{"steps", as_json(plan.steps)}}, [&] {
    std::string lines;
    for (const Step& step : plan.steps) {
      lines += fmt::format("{} {}: {}\n", step.either().kind, printable(step.either().name),
                           step.action() == "keep"     ? "unchanged"
                           : step.action() == "create" ? "created"
                           : step.action() == "change" ? "changed"
                                                       : "removed");
    }
    return lines;
  });
  return Exit::ok;
}

void add_file(CommandSyntax& command, const std::shared_ptr<Options>& options) {
  command
      .option("-f,--file", options->file,
              "Documents of YAML or JSON, as weirctl get -o yaml writes them; - for standard input")
      .takes("FILE")
      .required();
  command
      .option("--prune", options->prune,
              "Of these kinds, what is not in the file goes: Pin, PolicyMode, Guardrail")
      .takes("KIND")
      .one_of(k_kinds);
}

}  // namespace

void add_documents(CommandSyntax program, AdminSession& session, Exit& exit) {
  add_get(program, session, exit);

  const auto applied = std::make_shared<Options>();
  CommandSyntax applying = program.add("apply", "Make what a file says true: shows the plan, asks");
  add_file(applying, applied);
  applying.flag("--dry-run", applied->dry_run, "Show what would change, and change nothing");
  applying.flag("-y,--yes", applied->yes, "Do not ask");
  applying.runs([&session, &exit, applied] { exit = apply(session, *applied); });

  const auto compared = std::make_shared<Options>();
  CommandSyntax comparing =
      program.add("diff", "What apply would change; exit code 3 when there is something");
  add_file(comparing, compared);
  comparing.runs([&session, &exit, compared] { exit = diff(session, *compared); });
}

}  // namespace weir::cli
