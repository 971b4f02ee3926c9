#pragma once

#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "controller/simulate/scenario.h"
#include "weir/admin/v1/world.pb.h"

namespace weir::controller {

/// Its service times are empirical, its demand steady or one trace a source.
admin::v1::World to_world(const Scenario& scenario);

/// Errors: invalid_argument (what cannot be simulated, and why).
Result<Scenario> from_world(const admin::v1::World& world);

/// Every line a world in JSON; empty lines are none. Errors: invalid_argument (names the line).
Result<std::vector<Scenario>> read_worlds(std::string_view text);

inline constexpr std::size_t k_world_regions_max = 64;
inline constexpr std::size_t k_world_factors_max = 100'000;  // of all sources together
inline constexpr double k_world_rps_max = 40'000;

}  // namespace weir::controller
