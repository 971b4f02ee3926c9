#pragma once

#include <string>

#include "cli/admin_session.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

/// Down first, then by loss, then by delay.
bool is_worse(const admin::v1::PathStatus& a, const admin::v1::PathStatus& b);

/// The table of `weirctl paths ls`, the worst first.
std::string path_list(AdminSession& session, const admin::v1::ListPathsReply& reply);

/// `weirctl paths ls --worse-than`: those that are down or beyond a limit such as "2x" (the p50 of
/// an hour ago), "80ms" (p50) or "1%" (loss).
Exit list_worse_paths(AdminSession& session, const std::string& limit);

}  // namespace weir::cli
