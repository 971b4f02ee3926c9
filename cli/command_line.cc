#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>

#include "cli/command/command.h"
#include "cli/command/live_names.h"
#include "cli/command_tree.h"
#include "cli/help_topics.h"
#include "cli/render/text.h"

namespace weir::cli {

namespace {

constexpr const char* k_examples =
    "Examples:\n"
    "  weirctl status --wait --expect-agents 3 --timeout 2m\n"
    "  weirctl doctor\n"
    "  weirctl mesh token create --region us-east-1 --cluster a --out token\n"
    "  weirctl paths matrix --metric p99\n"
    "  weirctl weights get shop/web --from eu-west-1 -o wide\n"
    "  weirctl weights pin shop/web --from eu-west-1 us-east-1=70,eu-west-1=30 --ttl 1h\n"
    "  weirctl simulate --service shop/web --fail-region us-east-1 --traffic-scale 1.3\n"
    "  weirctl events -w -o json\n";

const std::map<std::string, Output> k_outputs = {
    {"table", Output::table}, {"wide", Output::wide},         {"json", Output::json},
    {"jsonl", Output::jsonl}, {"yaml", Output::yaml},         {"name", Output::name},
    {"csv", Output::csv},     {"short", Output::short_lines}, {"junit", Output::junit}};

/// `weirctl paths ls -o json`: what every command takes may follow it. Examples stay on the top.
void let_options_follow(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
    command->footer("");
    let_options_follow(*command);
  }
}

/// The first word that is no command where one was expected, with the command it resembles.
std::string suggestion(const CLI::App& program, const std::vector<std::string>& arguments) {
  const CLI::App* at = &program;
  for (const std::string& word : arguments) {
    if (word.starts_with("-")) continue;
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
      if (command->get_name() == word) next = command;
    }
    if (next == nullptr) return names.empty() ? "" : nearest(word, names);
    at = next;
  }
  return {};
}

void add_common(CLI::App& program, AdminSession& session) {
  ConnectionWishes& wishes = session.wishes;
  auto* socket = program.add_option("--socket", wishes.flags.socket,
                                    "The controller's admin socket on this machine (WEIR_SOCKET)");
  socket->type_name("FILE");
  program
      .add_option("--server", wishes.flags.server,
                  "A controller elsewhere, over mutual TLS (WEIR_SERVER)")
      ->type_name("HOST:PORT")
      ->excludes(socket);
  program
      .add_option("--ca", wishes.flags.ca, "Whose certificate the controller must show (WEIR_CA)")
      ->type_name("FILE");
  program.add_option("--cert", wishes.flags.certificate, "The operator's certificate (WEIR_CERT)")
      ->type_name("FILE");
  program.add_option("--key", wishes.flags.key, "Its key (WEIR_KEY)")->type_name("FILE");
  program
      .add_option("--context", wishes.context_flag,
                  "A controller by its name, see weirctl context (WEIR_CONTEXT)")
      ->type_name("CONTEXT");
  program
      .add_option_function<std::string>(
          "-o,--output",
          [&session](const std::string& word) { session.output = k_outputs.at(word); },
          "table, wide, json, jsonl, yaml, name or csv; of doctor short and junit too")
      ->check(CLI::IsMember(
          {"table", "wide", "json", "jsonl", "yaml", "name", "csv", "short", "junit"}));
  program.parse_complete_callback([&program, &session] {
    const bool diagnosis = session.output == Output::short_lines || session.output == Output::junit;
    if (diagnosis && !program.got_subcommand("doctor")) {
      throw CLI::ValidationError("-o short and -o junit are forms of weirctl doctor");
    }
  });
  program.add_flag("--utc", session.utc, "Moments in tables as such, not as time ago");
  program.add_flag_callback("--no-color", [&session] { session.set_colour(false); }, "Words only");
  program
      .add_option_function<std::string>(
          "--color",
          [&session](const std::string& word) {
            if (word != "auto") session.set_colour(word == "always");
          },
          "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

int explain_usage(const CLI::App& program, const CLI::ParseError& error, const Terminal& terminal,
                  const std::vector<std::string>& arguments) {
  if (error.get_exit_code() == 0) return program.exit(error, terminal.out, terminal.err);  // --help
  const std::string meant = suggestion(program, arguments);
  terminal.err << "weirctl: cannot read the command line\n  why:  " << printable(error.what())
               << "\n  next: "
               << (meant.empty() ? "weirctl --help" : "did you mean \"" + meant + "\"?") << "\n";
  return static_cast<int>(Exit::usage);
}

/// `weirctl __complete -- WORD...`: what the shells' scripts ask.
int complete(const CLI::App& program, AdminSession& session,
             const std::vector<std::string>& arguments) {
  const std::vector<std::string> words(arguments.begin() + 2, arguments.end());
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    ControllerAddress& flags = session.wishes.flags;
    if (words[i] == "--socket") flags.socket = words[i + 1];
    if (words[i] == "--server") flags.server = words[i + 1];
    if (words[i] == "--ca") flags.ca = words[i + 1];
    if (words[i] == "--cert") flags.certificate = words[i + 1];
    if (words[i] == "--key") flags.key = words[i + 1];
    if (words[i] == "--context") session.wishes.context_flag = words[i + 1];
  }
  for (const Candidate& one : completions(program, words, [&session](std::string_view sort) {
         return live_names(session, sort);
       })) {
    session.terminal().out << one.word << (one.help.empty() ? "" : "\t" + one.help) << "\n";
  }
  return 0;
}

/// `weirctl help WORD...`: a topic, or what `weirctl WORD... --help` says.
Exit tell(const CLI::App& program, const AdminSession& session,
          const std::vector<std::string>& words) {
  std::ostream& out = session.terminal().out;
  if (words.empty()) {
    for (const HelpTopic& topic : help_topics()) {
      out << fmt::format("  {:<12} {}\n", topic.name, topic.title);
    }
    out << "\nweirctl help TOPIC, weirctl help COMMAND, weirctl --help\n";
    return Exit::ok;
  }
  std::vector<std::string> known;
  for (const HelpTopic& topic : help_topics()) {
    if (words.size() == 1 && words[0] == topic.name) {
      out << topic.text();
      return Exit::ok;
    }
    known.emplace_back(topic.name);
  }
  if (const CLI::App* command = find_command(program, words)) {
    std::string before = "weirctl";
    for (std::size_t i = 0; i + 1 < words.size(); ++i) before += " " + words[i];
    out << command->help(before);
    return Exit::ok;
  }
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  const std::string meant = nearest(words[0], known);
  return session.fail_with(
      Exit::usage, "cannot help with " + printable(words.back()), "it is no topic and no command",
      meant.empty() ? "weirctl help" : "did you mean \"weirctl help " + meant + "\"?");
}

/// What is made of the commands themselves.
void add_papers(CLI::App& program, AdminSession& session, Exit& exit) {
  const Terminal& terminal = session.terminal();
  const auto shell = std::make_shared<std::string>();
  CLI::App* completion = program.add_subcommand(
      "completion", "A script for the shell: commands, options and live names complete with tab");
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([shell, &terminal] { terminal.out << completion_script(*shell); });
  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* help = program.add_subcommand("help", "What concerns every command, or one command");
  help->add_option("words", *words, "A topic or a command; without it, the topics")
      ->type_name("TOPIC");
  help->callback([words, &program, &session, &exit] { exit = tell(program, session, *words); });
  const auto form = std::make_shared<std::string>();
  CLI::App* papers = program.add_subcommand("gen-docs", "The reference, as Markdown or a man page");
  papers->group("");
  papers->add_option("form", *form)->required()->check(CLI::IsMember({"markdown", "man"}));
  papers->callback([form, &program, &terminal] {
    terminal.out << (*form == "man" ? man_page(program, WEIR_VERSION) : reference_page(program));
  });
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments, Terminal terminal, Clock& clock,
                     const Environment& environment) {
  terminal.colour = environment.force_color || (terminal.out_is_tty && !environment.no_color);
  AdminSession session(terminal, clock);
  session.wishes.environment = environment.address;
  session.wishes.context_variable = environment.context;
  session.wishes.file = environment.context_file;
  Exit exit = Exit::ok;

  CLI::App program("weirctl: regulates the flow of requests between clusters", "weirctl");
  program.footer(k_examples);
  program.require_subcommand(1);
  add_common(program, session);
  for (const auto add :
       {add_status, add_doctor, add_mesh, add_paths, add_services, add_weights, add_policy,
        add_guardrails, add_simulate, add_failover, add_events, add_documents, add_explain,
        add_access, add_admin, add_gather, add_config, add_context, add_version}) {
    add(CommandSyntax(program), session, exit);
  }
  add_papers(program, session, exit);
  let_options_follow(program);
  if (arguments.size() > 2 && arguments[0] == "__complete" && arguments[1] == "--") {
    return complete(program, session, arguments);
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
    program.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return explain_usage(program, error, terminal, arguments);
  }
  return static_cast<int>(exit);
}

}  // namespace weir::cli
