#pragma once

#include <string>

#include "cli/admin_session.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

/// What a change would do, nothing changed. `value` of it empty: as configured again.
Result<admin::v1::ChangeGuardrailReply> plan_guardrail(AdminSession& session,
                                                       admin::v1::ChangeGuardrailRequest request);

/// Makes the change that `plan` told of: what loosens asks for the role admin.
Result<admin::v1::ChangeGuardrailReply> change_guardrail(
    AdminSession& session, admin::v1::ChangeGuardrailRequest request,
    const admin::v1::ChangeGuardrailReply& plan);

}  // namespace weir::cli
