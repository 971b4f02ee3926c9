#include "netlab/command.h"

#include <span>

#include "common/base/text.h"

namespace weir::netlab {
namespace {

using Words = std::span<const std::string_view>;

std::unexpected<Error> usage(std::string_view form) {
  return fail(Code::invalid_argument, "the form is: " + std::string(form));
}

/// FROM TO one|both
Result<LinkEnds> parse_ends(Words words) {
  if (words.size() != 3 || (words[2] != "one" && words[2] != "both")) {
    return usage("FROM TO one|both");
  }
  return LinkEnds{std::string(words[0]), std::string(words[1]), words[2] == "both"};
}

Result<Command> parse_set(Words words) {
  if (words.size() < 4) return usage("set FROM TO one|both KEY=VALUE...");
  WEIR_ASSIGN(ends, parse_ends(words.first(3)));
  SetCommand command{ends, {}};
  LinkSettings scratch;  // only to complain before anything is changed
  for (const std::string_view word : words.subspan(3)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      return fail(Code::invalid_argument, in_quotes(word) + " is not KEY=VALUE");
    }
    const std::string_view key = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    WEIR_TRY(apply_setting(scratch, key, value));
    command.settings.push_back({std::string(key), std::string(value)});
  }
  return command;
}

Result<Command> parse_cut(Words words) {
  WEIR_ASSIGN(ends, parse_ends(words));
  return CutCommand{ends};
}

Result<Command> parse_heal(Words words) {
  if (words.size() > 2) return usage("heal [NODE [PEER]]");
  HealCommand command;
  if (!words.empty()) command.node = words[0];
  if (words.size() == 2) command.peer = words[1];
  return command;
}

Result<Command> parse_capture(Words words) {
  const bool all = words.size() == 2 && words[1] == "all";
  if (!all && words.size() != 4) return usage("capture FILE all, or capture FILE FROM TO one|both");
  CaptureCommand command{std::string(words[0]), all, {}};
  if (!command.file.starts_with('/')) {
    return fail(Code::invalid_argument, "file " + in_quotes(words[0]) + " is not absolute");
  }
  if (!all) {
    WEIR_ASSIGN(ends, parse_ends(words.subspan(1)));
    command.ends = ends;
  }
  return command;
}

}  // namespace

Result<Command> parse_command(std::string_view line) {
  if (line.size() > k_command_bytes_max) {
    return fail(Code::invalid_argument, "a command has at most 4096 bytes");
  }
  const auto parts = split(line, ' ');
  const std::string_view verb = parts[0];
  const Words words = Words(parts).subspan(1);
  for (const std::string_view word : words) {
    if (word.empty()) return fail(Code::invalid_argument, "words are separated by one blank");
  }
  if (verb == "set") return parse_set(words);
  if (verb == "cut") return parse_cut(words);
  if (verb == "isolate" && words.size() == 1) return IsolateCommand{std::string(words[0])};
  if (verb == "heal") return parse_heal(words);
  if (verb == "capture") return parse_capture(words);
  if (words.empty() && verb == "show") return ShowCommand{};
  if (words.empty() && verb == "release") return ReleaseCommand{};
  if (words.empty() && verb == "down") return DownCommand{};
  return fail(Code::invalid_argument,
              in_quotes(line) +
                  " is no command; there are set, cut, isolate, heal, show, capture, release, "
                  "down");
}

}  // namespace weir::netlab
