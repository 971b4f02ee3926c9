#pragma once

#include "controller/policy/policy_catalog.h"

namespace weir::controller {

/// The balancers Weir is compared with, under the names used everywhere, with what can be set of
/// each and its published value. What each one is, and what of the original it lacks, stands in its
/// own header.
void add_rivals(PolicyCatalog& catalog);

}  // namespace weir::controller
