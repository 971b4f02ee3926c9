#pragma once

#include <optional>
#include <vector>

#include "cli/admin_session.h"
#include "common/findings/findings.h"

namespace weir::cli {

/// Asks the controller for everything a diagnosis is made from: nine calls, and as many for the
/// past as find something. Errors: of the first part that did not come.
Result<MeshSnapshot> snapshot_of(AdminSession& session);

/// Those that name the agent, or its region where they name no other agent of it.
std::vector<Finding> about_agent(std::vector<Finding> found, const admin::v1::Agent& agent);

/// Why no controller answers, as far as this machine can tell: WEIR-100. None: one answered, and
/// the error is its own.
std::optional<Finding> unreachable(const ControllerAddress& address, const Error& why,
                                   std::int64_t now_ms);

}  // namespace weir::cli
