#pragma once

#include <chrono>
#include <cstdint>

#include "cli/admin_session.h"

namespace weir::cli {

struct WaitOptions {
  bool wait = false;
  std::uint32_t agents = 0;  // 0: those that have joined
  std::chrono::seconds timeout{120};
};

/// Returns `ok` once the expected agents are connected and on the newest revision and every path
/// between them is up; `timeout` with what is missing otherwise. A controller that does not answer
/// yet is waited for too.
Exit wait_until_whole(AdminSession& session, const WaitOptions& options);

}  // namespace weir::cli
