#include "cli/help_topics.h"

#include <fmt/format.h>

#include <array>

namespace weir::cli {

namespace {

constexpr std::array<ExitMeaning, 10> k_exits = {
    {{0, "done"},
     {1, "the command failed"},
     {2, "usage"},
     {3,
      "a condition is not met (config check; diff: something differs; status --check; doctor: "
      "something failed; simulate: what is in force would break a limit)"},
     {4, "timeout (status --wait, a deadline)"},
     {5, "the controller cannot be reached"},
     {6, "not allowed"},
     {7, "refused by a guard, or needs --yes"},
     {8, "not found"},
     {130, "interrupted"}}};

/// Broken at blanks, the lines after the first indented.
std::string wrapped(std::string_view text, std::size_t indent) {
  constexpr std::size_t width = 96;
  std::string all;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!all.empty() && column + 1 + word.size() > width) {
      all += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!all.empty()) {
      all += " ";
      ++column;
    }
    all += word;
    column += word.size();
  }
  return all;
}

std::string exit_codes() {
  std::string all;
  for (const ExitMeaning& one : k_exits) {
    all += fmt::format("  {:>3}  {}\n", one.code, wrapped(one.meaning, 7));
  }
  return all + "\nWarnings do not change the code, but with weirctl doctor --fail-on warn.\n";
}

std::string output() {
  return "Data goes to standard output, everything else (questions, plans, errors) to standard\n"
         "error. With -o:\n\n"
         "  table  for people, at most 100 columns; where it is left out, this\n"
         "  wide   a table with more columns\n"
         "  json   one document: {\"apiVersion\":\"weir.v1\",\"kind\":...}, every field present, "
         "64-bit\n"
         "         numbers as strings, times in milliseconds since 1970; with --watch one a line\n"
         "  jsonl  the same, in one line\n"
         "  yaml   the same, as YAML\n"
         "  name   the first column alone, a line each\n"
         "  csv    the wide table, RFC 4180\n"
         "  short, junit   of weirctl doctor: a line a finding, and XML for CI\n\n"
         "Colour is for terminals: never with NO_COLOR, --no-color or TERM=dumb, always with\n"
         "FORCE_COLOR or --color always. What a colour says, a word says too.\n";
}

std::string environment() {
  return "  WEIR_SOCKET            the controller's admin socket on this machine\n"
         "  WEIR_SERVER            a controller elsewhere, HOST:PORT, with\n"
         "  WEIR_CA                whose certificate it must show,\n"
         "  WEIR_CERT, WEIR_KEY    the operator's certificate and its key\n"
         "  WEIR_CONTEXT           a controller by its name, see weirctl context\n"
         "  XDG_CONFIG_HOME, HOME  where the file of contexts is: weir/config.yaml there, else\n"
         "                         .config/weir/config.yaml\n"
         "  NO_COLOR, FORCE_COLOR, TERM   colours, see weirctl help output\n\n"
         "An option counts more than a context named by --context, that more than a variable, "
         "that\n"
         "more than the current context. weirctl config view --origin says what came from where.\n";
}

std::string moments() {
  return "A span is 90s, 10m, 1h30m or 2d: of --ttl, --timeout, --for.\n"
         "A moment is a span ago, or 2026-11-23T07:03:29Z: of --at, --since.\n\n"
         "Tables say how long ago, with --utc when; documents milliseconds since 1970. What\n"
         "weirctl doctor finds is told in words, always as time ago.\n";
}

std::string names() {
  return "  NAMESPACE/NAME    a service, such as shop/web\n"
         "  REGION            such as eu-west-1\n"
         "  REGION/agent-N    an agent, such as eu-west-1/agent-1\n"
         "  EPOCH.GENERATION  a revision, such as 2.8; --revision takes its generation\n"
         "  r=70,s=30         weights of regions, each 0 to 10000; a share is a weight of their "
         "sum\n\n"
         "With weirctl completion, the shell knows the names of the live mesh.\n";
}

std::string roles() {
  return "  viewer    looks at everything but tokens, access tokens and the audit log\n"
         "  operator  moves traffic within the limits: pins, modes, rollbacks, evacuations; "
         "tightens\n"
         "            guardrails; reads the audit log\n"
         "  admin     tokens, agents, access tokens, checkpoints, looser guardrails, snapshots, "
         "logs\n\n"
         "Who opens the controller's socket is admin. Elsewhere the certificate's common name says "
         "who,\n"
         "and the controller's configuration which role; to the dashboard, an access token.\n"
         "Whatever changes something, or tries to, is in weirctl events --audit.\n";
}

constexpr std::array<HelpTopic, 6> k_topics = {
    {{"exit-codes", "what a command ended with", exit_codes},
     {"output", "forms of output, colours", output},
     {"environment", "variables, and what counts more", environment},
     {"times", "how spans and moments are written", moments},
     {"names", "what services, regions, agents, revisions are called", names},
     {"roles", "who may do what", roles}}};

}  // namespace

std::span<const ExitMeaning> exit_meanings() { return k_exits; }

std::span<const HelpTopic> help_topics() { return k_topics; }

}  // namespace weir::cli
