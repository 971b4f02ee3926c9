#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace weir::cli {

/// One option of a command. A handle: copies name the same option.
class OptionSyntax {
 public:
  explicit OptionSyntax(CLI::Option* option) : option_(option) {}

  OptionSyntax& required();
  /// Any other word is a usage error.
  OptionSyntax& one_of(std::vector<std::string> words);
  /// What its value is, in help, and for completion: "SERVICE", "REGION", "AGENT" are names the
  /// controller knows.
  OptionSyntax& takes(const std::string& sort);
  OptionSyntax& between(std::uint32_t least, std::uint32_t most);
  /// Only together with the other, or never.
  OptionSyntax& needs(const OptionSyntax& other);
  OptionSyntax& excludes(const OptionSyntax& other);

 private:
  CLI::Option* option_;
};

/// How one command is written: its words, its options, what it runs. A handle: copies name the same
/// command. The parser behind it is a costly header, which only this class and the command line's
/// entry include.
///
/// Names: "-w,--watch" for an option, "service" for a word without a dash. What `into` refers to is
/// filled while the command line is read and outlives that.
class CommandSyntax {
 public:
  explicit CommandSyntax(CLI::App& app) : app_(&app) {}

  /// A command under this one.
  CommandSyntax add(const std::string& name, const std::string& help);
  /// One that is nothing without a command under it.
  CommandSyntax add_group(const std::string& name, const std::string& help);

  OptionSyntax flag(const std::string& names, bool& into, const std::string& help);
  OptionSyntax option(const std::string& names, std::string& into, const std::string& help);
  OptionSyntax option(const std::string& names, std::uint32_t& into, const std::string& help);
  OptionSyntax option(const std::string& names, std::uint64_t& into, const std::string& help);
  OptionSyntax option(const std::string& names, std::vector<std::string>& into,
                      const std::string& help);

  /// Called once the whole command line was read and this command was in it.
  void runs(std::function<void()> action);

 private:
  CLI::App* app_;
};

}  // namespace weir::cli
