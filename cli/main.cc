// weirctl: the operator's program. See README.md beside this file.

#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "cli/command_line.h"
#include "cli/context/context_file.h"

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  google::protobuf::SetLogHandler(nullptr);  // what is wrong with an answer is told by us
  weir::SystemClock clock;
  const weir::cli::Environment environment{
      .address = {.socket = variable("WEIR_SOCKET"),
                  .server = variable("WEIR_SERVER"),
                  .ca = variable("WEIR_CA"),
                  .certificate = variable("WEIR_CERT"),
                  .key = variable("WEIR_KEY")},
      .context = variable("WEIR_CONTEXT"),
      .context_file = weir::cli::context_path(variable("XDG_CONFIG_HOME"), variable("HOME")),
      .no_color = !variable("NO_COLOR").empty() || variable("TERM") == "dumb",
      .force_color = !variable("FORCE_COLOR").empty()};
  const weir::cli::Terminal terminal{.out = std::cout,
                                     .err = std::cerr,
                                     .in = std::cin,
                                     .in_is_tty = ::isatty(STDIN_FILENO) == 1,
                                     .out_is_tty = ::isatty(STDOUT_FILENO) == 1};
  return weir::cli::run_command_line({argv + 1, argv + argc}, terminal, clock, environment);
}
