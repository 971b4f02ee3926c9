#pragma once

#include <string>
#include <vector>

#include "cli/controller_address.h"
#include "cli/terminal.h"
#include "common/async/clock.h"

namespace weir::cli {

/// What the environment says, taken once.
struct Environment {
  ControllerAddress address;  // WEIR_SOCKET, WEIR_SERVER, WEIR_CA, WEIR_CERT, WEIR_KEY
  std::string context;        // WEIR_CONTEXT
  std::string context_file;   // see context_path()
  bool no_color = false;      // NO_COLOR is set and not empty, or TERM is "dumb"
  bool force_color = false;
};

/// Runs `weirctl ARGUMENTS` and returns its exit code. `arguments` without the program's name.
int run_command_line(const std::vector<std::string>& arguments, Terminal terminal, Clock& clock,
                     const Environment& environment);

}  // namespace weir::cli
