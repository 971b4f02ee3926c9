#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::cli {

struct ExitMeaning {
  int code;
  std::string_view meaning;
};
/// Every code weirctl ends with.
std::span<const ExitMeaning> exit_meanings();

/// What concerns every command: `weirctl help NAME`.
struct HelpTopic {
  std::string_view name;
  std::string_view title;
  std::string (*text)();  // lines of at most 100 columns
};
std::span<const HelpTopic> help_topics();

}  // namespace weir::cli
