// weirctl: the operator's program. See README.md beside this file.

#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/command_line.h"

namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

int main(int argc, char** argv) {
  google::protobuf::SetLogHandler(nullptr);  // what is wrong with an answer is told by us
  weir::SystemClock clock;
  const char* term = std::getenv("TERM");
  const weir::cli::Environment environment{
      .socket = is_set("WEIR_SOCKET") ? std::getenv("WEIR_SOCKET") : "",
      .no_color = is_set("NO_COLOR") || (term != nullptr && std::string_view(term) == "dumb"),
      .force_color = is_set("FORCE_COLOR")};
  const weir::cli::Terminal terminal{.out = std::cout,
                                     .err = std::cerr,
                                     .in = std::cin,
                                     .in_is_tty = ::isatty(STDIN_FILENO) == 1,
                                     .out_is_tty = ::isatty(STDOUT_FILENO) == 1};
  return weir::cli::run_command_line({argv + 1, argv + argc}, terminal, clock, environment);
}
