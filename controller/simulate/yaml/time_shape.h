#pragma once

#include <string_view>

#include "common/config/config.h"
#include "controller/simulate/compose.h"

namespace weir::controller {

/// `{shape: lognormal, mean_ms: 40, cv: 0.6}`: a section that may be missing.
Distribution read_distribution(ConfigSection section, const Distribution& fallback);

/// `use: training`, `validation` or `test`.
Use read_use(ConfigSection& section);

/// Milliseconds of a duration field; `fallback_ms` whole.
double read_ms(ConfigSection& section, std::string_view name, double fallback_ms);

}  // namespace weir::controller
