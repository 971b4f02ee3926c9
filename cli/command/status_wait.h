#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/admin_session.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

struct WaitOptions {
  bool wait = false;
  std::uint32_t agents = 0;  // 0: those that have joined
  std::chrono::seconds timeout{120};
};

/// What keeps the mesh from being whole; empty: nothing. `expected_agents` 0: those that joined.
std::string missing_of(const admin::v1::StatusReply& status, std::uint32_t expected_agents);

/// Returns `ok` once the expected agents are connected and on the newest revision and every path
/// between them is up; `timeout` with what is missing otherwise. A controller that does not answer
/// yet is waited for too.
Exit wait_until_whole(AdminSession& session, const WaitOptions& options);

}  // namespace weir::cli
