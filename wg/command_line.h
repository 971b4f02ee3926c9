#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/tunnel/device.h"

namespace weir::wg {

/// How much to log; each level holds the ones before it.
enum class Verbosity { silent, error, info, debug };

/// What the program was asked to do.
struct CommandLine {
  bool help = false;
  bool version = false;
  bool foreground = false;
  /// LOG_LEVEL was given, so the background process keeps standard error.
  bool keep_log = false;
  Verbosity verbosity = Verbosity::error;
  std::string interface;
  TunnelOffloads offloads;
  Duration busy_poll = TunnelOptions().busy_poll;
  std::string timestamp_file;
};

/// The environment variables that count; nullptr: not set.
struct Environment {
  const char* log_level = nullptr;
  const char* foreground = nullptr;
  const char* offloads = nullptr;
  const char* busy_poll = nullptr;
  const char* timestamps = nullptr;
};

/// `arguments` without the program's name.
/// Errors: invalid_argument (what is wrong and how the program is used).
Result<CommandLine> parse_command_line(const std::vector<std::string_view>& arguments,
                                       const Environment& environment);

std::string_view usage();

}  // namespace weir::wg
