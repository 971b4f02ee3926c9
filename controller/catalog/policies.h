#pragma once

#include "controller/policy/policy_catalog.h"

namespace weir::controller {

/// Every policy there is, under its name: the one list that `weir-policy`, the controller and the
/// benches share. Cost: about 30 small objects; make it once.
PolicyCatalog all_policies();

}  // namespace weir::controller
