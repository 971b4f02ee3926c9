#include "cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "cli/help_topics.h"

namespace weir::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& at) {
  auto all = at.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
  return {all.begin(), all.end()};
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// "--from", or "-o" where there is no long one.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

const CLI::Option* find_option(const CLI::App& program, const CLI::App& at,
                               const std::string& name) {
  for (const CLI::App* app : {&at, &program}) {
    for (const CLI::Option* option : app->get_options()) {
      if (std::ranges::count(names_of(*option), name) > 0) return option;
    }
  }
  return nullptr;
}

/// Words in "TEXT:{table,wide,json}".
std::vector<std::string> words_in(const std::string& type) {
  std::vector<std::string> words;
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return words;
  std::string_view rest = std::string_view(type).substr(open + 1, close - open - 1);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    words.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return words;
}

/// The sort in "REGION" or "REGION:REGION".
std::string sort_of(const std::string& type) { return type.substr(0, type.find_first_of(":= ")); }

void add_values(const CLI::Option& option, const std::string& begun, const std::string& before,
                const NamesOf& names, std::vector<Candidate>& all) {
  const std::string type = option.get_type_name();
  auto words = words_in(type);
  if (words.empty()) words = names(sort_of(type));
  // Both ends of a path.
  const std::size_t colon = begun.find(':');
  const bool path = type.starts_with("REGION:REGION");
  const std::string kept = path && colon != std::string::npos ? begun.substr(0, colon + 1) : "";
  for (const std::string& word : words) {
    const std::string whole = kept + word + (path && kept.empty() ? ":" : "");
    if (whole.starts_with(begun)) all.push_back({before + whole, ""});
  }
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

/// "--from REGION", "SERVICE".
std::string shown(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (option.get_positional()) return type;
  std::string names;
  for (const std::string& name : names_of(option)) names += (names.empty() ? "" : ", ") + name;
  return takes_value(option) ? names + " " + type : names;
}

std::string usage_of(const CLI::App& command, const std::string& path) {
  std::string usage = path;
  if (!commands_of(command).empty()) return usage + " COMMAND";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = shown(*option);
    usage += option->get_required() ? " " + name : " [" + name + "]";
  }
  bool more = false;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || option->get_name() == "--help") continue;
    if (option->get_required()) {
      usage += " " + shown(*option);
    } else {
      more = more || option->get_name() != "-h,--help";
    }
  }
  return more ? usage + " [OPTIONS]" : usage;
}

/// Every command that runs, in order, with its whole name.
void each_command(const CLI::App& at, const std::string& path,
                  const std::function<void(const CLI::App&, const std::string&)>& visit) {
  for (const CLI::App* command : commands_of(at)) {
    const std::string name = path + " " + command->get_name();
    if (commands_of(*command).empty()) {
      visit(*command, name);
    } else {
      each_command(*command, name, visit);
    }
  }
}

bool is_help(const CLI::Option& option) { return option.check_lname("help"); }

std::string markdown_options(const CLI::App& command) {
  std::string rows;
  for (const CLI::Option* option : command.get_options()) {
    if (is_help(*option)) continue;
    std::string name = shown(*option);
    for (std::size_t at = 0; (at = name.find('|', at)) != std::string::npos; at += 2) {
      name.insert(at, "\\");
    }
    rows += "| `" + name + "` | " + one_line(option->get_description()) +
            (option->get_required() ? " (required)" : "") + " |\n";
  }
  return rows.empty() ? rows : "\n| option | what it is for |\n|---|---|\n" + rows;
}

/// Text of a man page: a backslash, a leading dot or quote, and hyphens that are to be copied.
std::string roff(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '\\') safe += "\\e";
    if (letter == '-') safe += "\\-";
    if (letter != '\\' && letter != '-') safe += letter;
  }
  return safe.starts_with('.') || safe.starts_with('\'') ? "\\&" + safe : safe;
}

std::string roff_lines(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    all += roff(text.substr(0, end)) + "\n";
    text.remove_prefix(end + 1);
  }
  return all;
}

std::string upper(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return all;
}

std::string man_options(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (is_help(*option)) continue;
    text +=
        ".TP\n.B " + roff(shown(*option)) + "\n" +
        roff(one_line(option->get_description()) + (option->get_required() ? " (required)" : "")) +
        "\n";
  }
  return text;
}

}  // namespace

std::vector<Candidate> completions(const CLI::App& program, const std::vector<std::string>& words,
                                   const NamesOf& names) {
  std::vector<Candidate> all;
  if (words.empty()) return all;
  const CLI::App* at = &program;
  const CLI::Option* awaiting = nullptr;
  std::size_t position = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (std::exchange(awaiting, nullptr) != nullptr) continue;
    if (word.starts_with("-")) {
      const CLI::Option* option = find_option(program, *at, word);
      if (option != nullptr && takes_value(*option)) awaiting = option;
      continue;
    }
    const auto commands = commands_of(*at);
    const auto found = std::ranges::find_if(
        commands, [&word](const CLI::App* one) { return one->get_name() == word; });
    if (found == commands.end() && !commands.empty()) return all;  // no command
    if (found == commands.end()) {
      ++position;
    } else {
      at = *found;
      position = 0;
    }
  }
  const std::string& begun = words.back();
  if (awaiting != nullptr) {
    add_values(*awaiting, begun, "", names, all);
    return all;
  }
  const std::size_t equals = begun.find('=');
  if (begun.starts_with("--") && equals != std::string::npos) {
    const CLI::Option* option = find_option(program, *at, begun.substr(0, equals));
    if (option != nullptr && takes_value(*option)) {
      add_values(*option, begun.substr(equals + 1), begun.substr(0, equals + 1), names, all);
    }
    return all;
  }
  if (begun.starts_with("-")) {
    for (const CLI::App* app : {at, &program}) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : names_of(*option)) {
          const Candidate one{name, one_line(option->get_description())};
          if (name.starts_with(begun) && std::ranges::count(all, name, &Candidate::word) == 0) {
            all.push_back(one);
          }
        }
      }
    }
    return all;
  }
  for (const CLI::App* command : commands_of(*at)) {
    if (command->get_name().starts_with(begun)) {
      all.push_back({command->get_name(), one_line(command->get_description())});
    }
  }
  for (const CLI::Option* option : at->get_options()) {
    if (!option->get_positional()) continue;
    if (position > 0 && option->get_items_expected_max() == 1) {
      --position;
      continue;
    }
    add_values(*option, begun, "", names, all);
    break;
  }
  return all;
}

const CLI::App* find_command(const CLI::App& program, const std::vector<std::string>& words) {
  const CLI::App* at = &program;
  for (const std::string& word : words) {
    const auto commands = commands_of(*at);
    const auto found = std::ranges::find_if(
        commands, [&word](const CLI::App* one) { return one->get_name() == word; });
    if (found == commands.end()) return nullptr;
    at = *found;
  }
  return at;
}

std::string completion_script(std::string_view shell) {
  if (shell == "bash") {
    return "# bash completion of weirctl: source it, or put it into\n"
           "# /usr/share/bash-completion/completions/weirctl\n"
           "_weirctl() {\n"
           "  local IFS=$'\\n' words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\")\n"
           "  # bash takes = and : for words of their own: what belongs together is joined again.\n"
           "  local line=${COMP_LINE:0:COMP_POINT} last\n"
           "  last=${line##* }\n"
           "  IFS=' ' read -ra words <<<\"${line#* }\"\n"
           "  [[ $line == *' ' ]] && words+=('') last=''\n"
           "  IFS=$'\\n' read -d '' -ra COMPREPLY < <(weirctl __complete -- \"${words[@]}\" "
           "2>/dev/null |"
           " cut -f1)\n"
           "  # What stands before the last = or : is already on the line.\n"
           "  local cut=${last%\"${last##*[=:]}\"} i\n"
           "  for i in \"${!COMPREPLY[@]}\"; do COMPREPLY[i]=${COMPREPLY[i]#\"$cut\"}; done\n"
           "  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace\n"
           "}\n"
           "complete -o default -F _weirctl weirctl\n";
  }
  if (shell == "zsh") {
    return "#compdef weirctl\n"
           "# zsh completion of weirctl: a file _weirctl in a folder of $fpath, or sourced after "
           "compinit\n"
           "_weirctl() {\n"
           "  local -a all\n"
           "  local line word help\n"
           "  while IFS=$'\\t' read -r word help; do\n"
           "    all+=(\"${word//:/\\\\:}${help:+:$help}\")\n"
           "  done < <(weirctl __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
           "  if (( ${#all} )); then _describe weirctl all; else _files; fi\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _weirctl ]; then _weirctl \"$@\"; else compdef _weirctl "
           "weirctl; "
           "fi\n";
  }
  if (shell == "fish") {
    return "# fish completion of weirctl: ~/.config/fish/completions/weirctl.fish\n"
           "function __weirctl_complete\n"
           "  set -l words (commandline -opc) (commandline -ct)\n"
           "  weirctl __complete -- $words[2..-1] 2>/dev/null\n"
           "end\n"
           "complete -c weirctl -f -a '(__weirctl_complete)'\n";
  }
  return {};
}

std::string reference_page(const CLI::App& program) {
  std::string page =
      "# weirctl\n\nWritten by `weirctl gen-docs markdown`; `weirctl gen-docs man` writes the man "
      "page.\n\n"
      "Options of every command, before or after it:\n" +
      markdown_options(program);
  each_command(program, "weirctl", [&page](const CLI::App& command, const std::string& path) {
    page += "\n## " + path + "\n\n" + one_line(command.get_description()) + ".\n\n```text\n" +
            usage_of(command, path) + "\n```\n" + markdown_options(command);
  });
  for (const HelpTopic& topic : help_topics()) {
    if (topic.name == "exit-codes") continue;  // a table, below
    page +=
        "\n## weirctl help " + std::string(topic.name) + "\n\n```text\n" + topic.text() + "```\n";
  }
  page += "\n## Exit status\n\n| code | meaning |\n|---|---|\n";
  for (const ExitMeaning& code : exit_meanings()) {
    page += "| " + std::to_string(code.code) + " | " + std::string(code.meaning) + " |\n";
  }
  return page;
}

std::string man_page(const CLI::App& program, std::string_view version) {
  std::string page = ".TH WEIRCTL 1 \"\" \"weirctl " + std::string(version) +
                     "\" \"Weir\"\n.SH NAME\nweirctl \\- operates a Weir mesh\n.SH SYNOPSIS\n"
                     ".B weirctl\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR\n.SH DESCRIPTION\nAsks the "
                     "controller's admin API. Data goes to standard output, everything else to "
                     "standard error.\n.SH OPTIONS\n" +
                     man_options(program) + ".SH COMMANDS\n";
  each_command(program, "weirctl", [&page](const CLI::App& command, const std::string& path) {
    page += ".SS \"" + roff(usage_of(command, path)) + "\"\n" +
            roff(one_line(command.get_description())) + ".\n" + man_options(command);
  });
  for (const HelpTopic& topic : help_topics()) {
    if (topic.name == "exit-codes") continue;
    page += ".SH \"" + upper(topic.name) + "\"\n.nf\n" + roff_lines(topic.text()) + ".fi\n";
  }
  page += ".SH \"EXIT STATUS\"\n";
  for (const ExitMeaning& code : exit_meanings()) {
    page += ".TP\n.B " + std::to_string(code.code) + "\n" + roff(code.meaning) + "\n";
  }
  return page;
}

}  // namespace weir::cli
