#include "cli/command_syntax.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace weir::cli {

OptionSyntax& OptionSyntax::required() {
  option_->required();
  return *this;
}

OptionSyntax& OptionSyntax::one_of(std::vector<std::string> words) {
  option_->check(CLI::IsMember(std::move(words)));
  return *this;
}

OptionSyntax& OptionSyntax::takes(const std::string& sort) {
  option_->type_name(sort);
  return *this;
}

OptionSyntax& OptionSyntax::between(std::uint32_t least, std::uint32_t most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

OptionSyntax& OptionSyntax::needs(const OptionSyntax& other) {
  option_->needs(other.option_);
  return *this;
}

OptionSyntax& OptionSyntax::excludes(const OptionSyntax& other) {
  option_->excludes(other.option_);
  return *this;
}

CommandSyntax CommandSyntax::add(const std::string& name, const std::string& help) {
  return CommandSyntax(*app_->add_subcommand(name, help));
}

CommandSyntax CommandSyntax::add_group(const std::string& name, const std::string& help) {
  return CommandSyntax(*app_->add_subcommand(name, help)->require_subcommand(1));
}

OptionSyntax CommandSyntax::flag(const std::string& names, bool& into, const std::string& help) {
  return OptionSyntax(app_->add_flag(names, into, help));
}

OptionSyntax CommandSyntax::option(const std::string& names, std::string& into,
                                   const std::string& help) {
  return OptionSyntax(app_->add_option(names, into, help));
}

OptionSyntax CommandSyntax::option(const std::string& names, std::uint32_t& into,
                                   const std::string& help) {
  return OptionSyntax(app_->add_option(names, into, help));
}

OptionSyntax CommandSyntax::option(const std::string& names, std::uint64_t& into,
                                   const std::string& help) {
  return OptionSyntax(app_->add_option(names, into, help));
}

OptionSyntax CommandSyntax::option(const std::string& names, std::vector<std::string>& into,
                                   const std::string& help) {
  return OptionSyntax(app_->add_option(names, into, help));
}

void CommandSyntax::runs(std::function<void()> action) { app_->callback(std::move(action)); }

}  // namespace weir::cli
