#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "controller/policy/pin_book.h"

namespace weir::controller {

/// A region that gets no requests because an operator wanted it so: the pins that say it, together.
struct Evacuation {
  RegionName region;
  std::set<ServiceName> services;
  std::size_t sources = 0;  // pairs of a service and a source region
  std::string by;
  std::int64_t since_unix_ms = 0;
  std::int64_t until_unix_ms = 0;  // 0: without an end
};

/// How a pin says that it is part of an evacuation, behind who set it.
std::string evacuation_mark(const RegionName& region);
/// Whether the pin keeps requests away from `region` on behalf of an evacuation.
bool is_of_evacuation(const WeightPin& pin, const RegionName& region);

/// Those under way, the oldest first. Pins set at once by one person about one region are one.
std::vector<Evacuation> evacuations(const PinBook& pins, std::int64_t unix_ms);

}  // namespace weir::controller
