#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/admin_session.h"
#include "cli/documents/difference.h"
#include "cli/documents/documents.h"

namespace weir::cli {

/// What operators changed at run time, of one kind ("Pin", "PolicyMode", "Guardrail"), by name.
/// Errors: those of the calls.
Result<std::vector<Document>> live_documents(AdminSession& session, std::string_view kind);

/// Makes the controller have what the step wants; with `dry_run` it is only asked whether it would.
/// Errors: those of the calls; invalid_argument (it would end in the past).
Status take_step(AdminSession& session, const Step& step, bool dry_run);

}  // namespace weir::cli
