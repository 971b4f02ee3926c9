#include "controller/policy/tuning.h"

#include <algorithm>
#include <cmath>

#include "common/base/assert.h"
#include "common/base/text.h"

namespace weir::controller {
namespace {

std::string names_of(std::span<const Tunable> tunables) {
  std::string names;
  for (const Tunable& tunable : tunables) {
    names += (names.empty() ? "" : ", ") + std::string(tunable.name);
  }
  return names.empty() ? "none" : names;
}

/// Four significant digits: a found setting is read and written down by people.
double shortened(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

}  // namespace

Tuning::Tuning(std::span<const Tunable> tunables) {
  for (const Tunable& tunable : tunables) {
    values_.emplace(std::string(tunable.name), tunable.standard);
  }
}

Result<Tuning> Tuning::create(std::span<const Tunable> tunables,
                              const std::map<std::string, double>& values) {
  Tuning tuning(tunables);
  for (const auto& [name, value] : values) {
    const auto found = std::ranges::find(tunables, name, &Tunable::name);
    if (found == tunables.end()) {
      return fail(Code::not_found,
                  "setting " + in_quotes(name) + " is unknown; there are: " + names_of(tunables));
    }
    if (!(value >= found->low && value <= found->high)) {
      return fail(Code::out_of_range, "setting " + name + " is " + std::to_string(value) +
                                          "; it lies between " + std::to_string(found->low) +
                                          " and " + std::to_string(found->high));
    }
    tuning.values_[name] = value;
  }
  return tuning;
}

Tuning Tuning::draw(std::span<const Tunable> tunables, Rng& rng) {
  Tuning tuning;
  for (const Tunable& tunable : tunables) {
    const double at = rng.unit();
    const double drawn = tunable.by_factors ? tunable.low * std::pow(tunable.high / tunable.low, at)
                                            : tunable.low + at * (tunable.high - tunable.low);
    const double value = std::clamp(shortened(drawn), tunable.low, tunable.high);
    tuning.values_.emplace(std::string(tunable.name), value);
  }
  return tuning;
}

double Tuning::operator[](std::string_view name) const {
  const auto found = values_.find(name);
  WEIR_ASSERT(found != values_.end(), "tunable " + std::string(name) + " is not declared");
  return found->second;
}

}  // namespace weir::controller
