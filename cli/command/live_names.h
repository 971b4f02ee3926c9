#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/admin_session.h"

namespace weir::cli {

/// Names of a sort, for completion: the controller's ("SERVICE", "REGION", "AGENT"), those of the
/// file of contexts ("CONTEXT"), and guardrails ("GUARDRAIL"). Sorted; what does not come within
/// 300 ms does not come.
std::vector<std::string> live_names(AdminSession& session, std::string_view sort);

}  // namespace weir::cli
