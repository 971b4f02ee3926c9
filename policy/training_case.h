#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "controller/simulate/scenario.h"

namespace weir::policy {

/// A case of the training set: a made-up map, fleet, demand, mishap and telemetry, all drawn from
/// its number. What has to hold is learnt over these and tested elsewhere: the maps and the
/// families of the test suite (tests/bench/scenarios) never occur here. Validation cases are drawn
/// from another stream of numbers.
///
///   regions     3 to 7 of 30 cities, round trips by distance with detours
///   servers     2 to 8 endpoints of 2 to 6 workers, 25 to 80 ms a request, four shapes of it
///   load        0.5 to 0.95 of everything, unevenly spread, objectives tight to wide
///   happenings  nothing, waves of demand, surge, brown-out, noisy neighbours, other hardware,
///               crash, longer paths
///   telemetry   a third without any word from the servers, a quarter of it late
///
/// Where there are `worlds`, measured ones, every other number is one of them instead: its demand
/// from another moment and up to a third more or less, and, as above, with happenings and
/// telemetry.
controller::Scenario training_case(std::uint64_t number, bool validation,
                                   std::span<const controller::Scenario> worlds = {});

}  // namespace weir::policy
