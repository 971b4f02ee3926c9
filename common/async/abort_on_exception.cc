#include "common/async/abort_on_exception.h"

#include "common/base/assert.h"

namespace weir {

void abort_on_exception(const char* rule, const std::string& who,
                        const std::exception_ptr& thrown) {
  std::string what = "unknown exception";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {  // NOLINT(bugprone-empty-catch): `what` already says so
  }
  assertion_failed(rule, __FILE__, __LINE__, who + ": " + what);
}

}  // namespace weir
