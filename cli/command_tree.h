#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace weir::cli {

/// What may come next, and a word about it.
struct Candidate {
  std::string word;
  std::string help;
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// The names there are of a sort ("SERVICE", "REGION", "AGENT"); none of a sort nobody knows.
using NamesOf = std::function<std::vector<std::string>(std::string_view sort)>;

/// How the last of `words` may go on, the others given; `words` is what stands after the program's
/// name, the last may be empty. Commands, options, the words an option may be, and names of its
/// sort
/// (`OptionSyntax::takes`).
std::vector<Candidate> completions(const CLI::App& program, const std::vector<std::string>& words,
                                   const NamesOf& names);

/// A script that makes the shell ask `weirctl __complete`; empty: not bash, zsh or fish.
std::string completion_script(std::string_view shell);

/// The command `words` name ("weights", "explain"); nullptr: there is none.
const CLI::App* find_command(const CLI::App& program, const std::vector<std::string>& words);

/// Every command with its options, as a page of Markdown and as a man page.
std::string reference_page(const CLI::App& program);
std::string man_page(const CLI::App& program, std::string_view version);

}  // namespace weir::cli
