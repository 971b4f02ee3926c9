#pragma once

#include <string>

#include "common/base/result.h"
#include "common/os/fd.h"

namespace weir::wg {

/// The child's line to the parent that waits for it, or nothing at all in the foreground.
class Readiness {
 public:
  Readiness() = default;
  explicit Readiness(Fd to_parent) : to_parent_(std::move(to_parent)) {}

  /// Lets the parent return with success.
  void ready();
  /// Lets the parent print `message` and return with failure.
  void failed(const std::string& message);

 private:
  Fd to_parent_;
};

/// Continues in a background process: a new session, in /, standard input and output on /dev/null,
/// standard error too unless `keep_log`. Only before any thread exists.
///
/// Returns in the child. The parent waits until the child is ready, has failed or has died, and
/// exits with 0 or 1; what was made is then usable, or gone. Errors: unavailable (no process, no
/// pipe).
Result<Readiness> continue_in_background(bool keep_log);

}  // namespace weir::wg
