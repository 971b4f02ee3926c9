#pragma once

#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace weir {

// The one URI among a certificate's alternative names says who its holder is.

/// "weir://demo/agent/us-east-1/agent-1"
std::string agent_uri(std::string_view mesh, const AgentId& agent);
/// "weir://demo/controller"
std::string controller_uri(std::string_view mesh);

/// Errors: permission_denied (another mesh, or no agent; the message names the URI).
Result<AgentId> parse_agent_uri(std::string_view mesh, std::string_view uri);

}  // namespace weir
