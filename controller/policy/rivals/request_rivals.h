#pragma once

#include "controller/policy/policy_catalog.h"

namespace weir::controller {

/// Those of `add_rivals` that decide request by request.
void add_request_rivals(PolicyCatalog& catalog);

}  // namespace weir::controller
