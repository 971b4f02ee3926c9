#include "controller/policy/planner/utility_table.h"

#include <algorithm>
#include <cstdint>

namespace weir::controller {
namespace {

constexpr std::array<double, UtilityTable::k_loads> k_load_points = {
    0,     0.3,  0.45, 0.55, 0.63, 0.7, 0.76, 0.81, 0.85, 0.88, 0.905, 0.93,
    0.955, 0.98, 1.0,  1.03, 1.06, 1.1, 1.16, 1.25, 1.4,  1.7,  2.5,   5};

constexpr std::size_t k_buckets = 100;  // per unit of load / capacity

/// For each bucket the last load point at or below its start: the search then takes a step or two.
constexpr auto k_first = [] {
  std::array<std::uint8_t, 5 * k_buckets + 1> first{};
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double rho = static_cast<double>(i) / k_buckets;
    std::size_t low = 0;
    while (low + 2 < k_load_points.size() && k_load_points[low + 1] <= rho) ++low;
    first[i] = static_cast<std::uint8_t>(low);
  }
  return first;
}();

}  // namespace

const std::array<double, UtilityTable::k_loads>& UtilityTable::loads() { return k_load_points; }

UtilityTable::UtilityTable(std::size_t sources, std::size_t destinations)
    : sources_(sources),
      destinations_(destinations),
      cells_(sources * destinations * k_loads, 0.0) {}

std::span<double> UtilityTable::row(std::size_t destination, std::size_t load) {
  return {cells_.data() + (destination * k_loads + load) * sources_, sources_};
}

std::span<const double> UtilityTable::row(std::size_t destination, std::size_t load) const {
  return {cells_.data() + (destination * k_loads + load) * sources_, sources_};
}

UtilityTable::Place UtilityTable::place(double rho) {
  if (!(rho > 0)) return {.low = 0, .part = 0, .per_rho = 1 / k_load_points[1]};
  if (rho >= k_load_points.back()) return {.low = k_loads - 2, .part = 1, .per_rho = 0};
  std::size_t low = k_first[static_cast<std::size_t>(rho * k_buckets)];
  while (k_load_points[low + 1] <= rho) ++low;
  const double per_rho = 1 / (k_load_points[low + 1] - k_load_points[low]);
  return {.low = low, .part = (rho - k_load_points[low]) * per_rho, .per_rho = per_rho};
}

double UtilityTable::value(std::size_t source, std::size_t destination, Place place) const {
  const double low = row(destination, place.low)[source];
  const double high = row(destination, place.low + 1)[source];
  return low + place.part * (high - low);
}

UtilityTable::Sum UtilityTable::sum(std::size_t destination, Place place,
                                    std::span<const double> flow) const {
  const double* low = row(destination, place.low).data();
  const double* high = row(destination, place.low + 1).data();
  // Four sums at a time: independent ones, so that the processor can overlap them.
  constexpr std::size_t k_lanes = 4;
  std::array<double, k_lanes> lows{};
  std::array<double, k_lanes> highs{};
  const double* flows = flow.data();
  const std::size_t whole = flow.size() / k_lanes * k_lanes;
  for (std::size_t s = 0; s < whole; s += k_lanes) {
    for (std::size_t lane = 0; lane < k_lanes; ++lane) {
      lows[lane] += flows[s + lane] * low[s + lane];
      highs[lane] += flows[s + lane] * high[s + lane];
    }
  }
  double low_sum = (lows[0] + lows[1]) + (lows[2] + lows[3]);
  double high_sum = (highs[0] + highs[1]) + (highs[2] + highs[3]);
  for (std::size_t s = whole; s < flow.size(); ++s) {
    low_sum += flows[s] * low[s];
    high_sum += flows[s] * high[s];
  }
  return {.value = low_sum + place.part * (high_sum - low_sum),
          .slope = (high_sum - low_sum) * place.per_rho};
}

}  // namespace weir::controller
