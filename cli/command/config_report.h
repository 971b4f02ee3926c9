#pragma once

#include <string>
#include <string_view>

namespace weir::cli {

/// What a program's `check-config` printed.
struct CheckOutput {
  bool valid = false;
  std::string values = {};      // standard output, when it is valid
  std::string complaints = {};  // standard error, when it is not
};

/// The same as a JSON document of kind ConfigCheck: `complaints` with line, path and what; `values`
/// with path, value and line. Line 0: none, or a default.
std::string config_report(std::string_view file, std::string_view program,
                          const CheckOutput& output);

}  // namespace weir::cli
