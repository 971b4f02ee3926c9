#pragma once

#include "common/base/result.h"
#include "common/config/config.h"
#include "controller/simulate/compose.h"

namespace weir::controller {

/// Errors: invalid_argument with all complaints, one a line.
Result<WorldMap> read_map(Config& config);

/// Errors: invalid_argument with all complaints, one a line.
Result<Family> read_family(Config& config);

}  // namespace weir::controller
