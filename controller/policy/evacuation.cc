#include "controller/policy/evacuation.h"

#include <map>
#include <string_view>
#include <tuple>

namespace weir::controller {

namespace {

constexpr std::string_view k_before = " (without ";

}  // namespace

std::string evacuation_mark(const RegionName& region) {
  return std::string(k_before) + region.value() + ")";
}

bool is_of_evacuation(const WeightPin& pin, const RegionName& region) {
  return pin.by.ends_with(evacuation_mark(region));
}

std::vector<Evacuation> evacuations(const PinBook& pins, std::int64_t unix_ms) {
  std::map<std::tuple<std::int64_t, std::string, std::int64_t>, Evacuation> found;
  for (const WeightPin& pin : pins.all()) {
    const bool over = pin.expires_unix_ms != 0 && pin.expires_unix_ms <= unix_ms;
    const std::size_t mark = pin.by.rfind(k_before);
    if (over || mark == std::string::npos || !pin.by.ends_with(')')) continue;
    Evacuation& one = found[{pin.created_unix_ms, pin.by, pin.expires_unix_ms}];
    const std::size_t name = mark + k_before.size();
    one.region = RegionName(pin.by.substr(name, pin.by.size() - name - 1));
    one.services.insert(pin.service);
    ++one.sources;
    one.by = pin.by.substr(0, mark);
    one.since_unix_ms = pin.created_unix_ms;
    one.until_unix_ms = pin.expires_unix_ms;
  }
  std::vector<Evacuation> all;
  for (auto& [key, one] : found) all.push_back(std::move(one));
  return all;
}

}  // namespace weir::controller
