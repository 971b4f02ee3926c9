#include "common/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace weir {

void assertion_failed(const char* what, const char* file, int line, std::string_view detail) {
  std::fprintf(stderr, "assertion failed: %s at %s:%d: %.*s\n", what, file, line,
               static_cast<int>(detail.size()), detail.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace weir
