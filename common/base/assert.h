#pragma once

#include <string_view>

namespace weir {

/// Prints `what`, the place and `detail` to standard error and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* what, const char* file, int line,
                                   std::string_view detail);

}  // namespace weir

/// A bug in our own code if false: on in every build, aborts with the place and a detail (a string
/// built only on failure). Input from outside is never checked with it; that is an `Error`.
#define WEIR_ASSERT(condition, detail)                                                  \
  do {                                                                                  \
    if (!(condition)) ::weir::assertion_failed(#condition, __FILE__, __LINE__, detail); \
  } while (false)
