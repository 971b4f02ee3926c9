#pragma once

#include "common/base/result.h"
#include "policy/step_session.h"

namespace weir::policy {

/// Answers the lines of `in` on `out` until the end of input: each answer is written before the
/// next line is waited for. A last line without a line end counts. A line above the limit is read
/// to its end and refused, never kept. Errors: unavailable (reading or writing failed).
Status run_steps(StepSession& session, int in, int out);

}  // namespace weir::policy
