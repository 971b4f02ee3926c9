#include "common/routing/safe_set.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>

#include "common/base/text.h"

namespace weir {
namespace {

constexpr double k_units = 10000;       // the sum of weights that were rounded from shares
constexpr double k_open_least = 1e-12;  // above 0 stays above 0 however small beside the others

/// One permitted destination on its way through the guards. All but `given` are shares.
struct Row {
  RegionName region;
  std::optional<double> given;  // the proposal's value once trusted
  std::uint32_t present = k_weight_neutral;
  double before = 0;
  double wanted = 0;
  double low = 0;  // the band the minimum share and the step leave
  double high = 1;
  double result = 0;
  bool open = false;
};
using Rows = std::vector<Row>;

std::string percent(double share) {
  const auto tenths = static_cast<std::int64_t>(std::llround(share * 1000));
  return std::to_string(tenths / 10) + "." + std::to_string(std::abs(tenths % 10)) + " %";
}

bool permitted(const RegionName& region, const GuardSpec& guards) {
  return guards.residency.empty() ||
         std::ranges::find(guards.residency, region) != guards.residency.end();
}

double limited(double share, double otherwise) {
  return std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : otherwise;
}

Rows permitted_rows(const GuardSpec& guards, std::span<const RegionName> known) {
  Rows rows;
  for (const RegionName& region : known) {
    const auto same = [&region](const Row& row) { return row.region == region; };
    if (permitted(region, guards) && std::ranges::none_of(rows, same)) {
      rows.emplace_back().region = region;
    }
  }
  return rows;
}

/// Fills `before`; false when there is no present state to step from.
bool fill_before(Rows& rows, std::span<const Weight> previous) {
  double sum = 0;
  for (Row& row : rows) {
    const auto found = std::ranges::find(previous, row.region, &Weight::region);
    const bool has = found != previous.end();
    row.before = has ? std::min(found->weight, k_weight_max) : 0;
    sum += row.before;
  }
  if (sum <= 0) return false;
  for (Row& row : rows) {
    row.present = static_cast<std::uint32_t>(row.before);
    row.before /= sum;
  }
  return true;
}

/// Fills `given` with what can be trusted of the proposal; the rest stays without a value.
/// A permitted region the proposal does not name gets 0.
void fill_given(Rows& rows, std::span<const ProposedWeight> proposed, const GuardSpec& guards,
                std::vector<std::string>& actions) {
  std::map<RegionName, Row*> by_region;
  for (Row& row : rows) by_region[row.region] = &row;
  std::map<RegionName, bool> named;
  for (const ProposedWeight& wish : proposed) {
    if (!named.emplace(wish.region, true).second) continue;  // the first word counts
    const auto found = by_region.find(wish.region);
    if (found == by_region.end()) {
      if (wish.weight == 0) continue;
      const bool known = !permitted(wish.region, guards);
      actions.push_back((known ? "residency: " : "unknown region: ") +
                        (known ? wish.region.value() : in_quotes(wish.region.value())) +
                        " left out");
    } else if (std::isfinite(wish.weight) && wish.weight >= 0) {
      found->second->given = wish.weight;
    } else {
      actions.push_back("finite: " + wish.region.value() +
                        " had no finite weight from 0 up, its present share is taken");
    }
  }
  for (Row& row : rows) {
    if (!named.contains(row.region)) row.given = 0;
  }
}

/// Fills `wanted` (sum 1) from `given`. False when nothing was above 0.
bool fill_wanted(Rows& rows, bool has_before) {
  const double equal = 1 / static_cast<double>(rows.size());
  double largest = 0;
  double repaired = 0;
  for (const Row& row : rows) {
    largest = std::max(largest, row.given.value_or(0));
    if (!row.given) repaired += has_before ? row.before : equal;
  }
  // Divided by the largest first: a sum of values near the end of the range would overflow.
  double given_sum = 0;
  for (const Row& row : rows) given_sum += largest > 0 ? row.given.value_or(0) / largest : 0;
  double sum = 0;
  for (Row& row : rows) {
    if (!row.given) {
      row.wanted = has_before ? row.before : equal;
    } else if (*row.given > 0) {
      const double share = (1 - repaired) * (*row.given / largest / given_sum);
      row.wanted = std::max(share, k_open_least);
    }
    sum += row.wanted;
  }
  if (sum <= 0) return false;
  for (Row& row : rows) row.wanted /= sum;
  return true;
}

void take_present(Rows& rows, bool has_before) {
  const double equal = 1 / static_cast<double>(rows.size());
  for (Row& row : rows) {
    row.given = row.present;
    row.wanted = has_before ? row.before : equal;
  }
}

/// Which destinations are open. One whose share cannot fall to 0 in a step stays open, and so do
/// the largest of those to be closed as long as the others could not take over all of theirs.
void fill_open(Rows& rows, double step, double tolerance) {
  double room = 0;
  std::vector<Row*> closing;
  for (Row& row : rows) {
    row.open = row.wanted > 0 || row.before > step + tolerance;
    if (row.open) room += row.before + step;
    if (!row.open && row.before > 0) closing.push_back(&row);
  }
  std::ranges::sort(closing, [](const Row* a, const Row* b) {
    return a->before != b->before ? a->before > b->before : a->region < b->region;
  });
  for (Row* row : closing) {
    if (room >= 1 - tolerance) break;
    row->open = true;
    room += row->before + step;
  }
}

/// Fills the band each share may lie in, with sum of lows <= 1 <= sum of highs.
void fill_bands(Rows& rows, double min_share, double step) {
  const auto open = std::ranges::count_if(rows, &Row::open);
  // Never above the step: opening reaches the minimum, and closing leaves it, in one step.
  const double floor = std::min({min_share, 1 / static_cast<double>(open), step});
  double low_sum = 0;
  double reach_sum = 0;
  for (Row& row : rows) {
    const double reach = row.open ? std::max(0.0, row.before - step) : 0;
    row.low = row.open ? std::max(floor, reach) : 0;
    row.high = row.open ? std::min(1.0, row.before + step) : 0;
    low_sum += row.low;
    reach_sum += reach;
  }
  if (low_sum <= 1) return;
  // The minimum shares do not fit into what one step can free: each gets the same part of its lift.
  const double part = (1 - reach_sum) / (low_sum - reach_sum);
  for (Row& row : rows) {
    const double reach = row.open ? std::max(0.0, row.before - step) : 0;
    row.low = reach + part * (row.low - reach);
  }
}

bool within_bands(const Rows& rows, double tolerance) {
  return std::ranges::all_of(rows, [tolerance](const Row& row) {
    if (!row.open) return row.wanted <= 0;
    return row.wanted >= row.low - tolerance && row.wanted <= row.high + tolerance;
  });
}

/// The nearest point to `wanted` (least squares) inside the bands whose sum is 1: every share moves
/// by the same amount unless its band stops it.
void project(Rows& rows) {
  if (within_bands(rows, 0)) {
    for (Row& row : rows) row.result = row.wanted;
    return;
  }
  double shift_low = -1;
  double shift_high = 1;
  for (int round = 0; round < 60; ++round) {
    const double shift = std::midpoint(shift_low, shift_high);
    double sum = 0;
    for (Row& row : rows) {
      row.result = std::clamp(row.wanted + shift, row.low, row.high);
      sum += row.result;
    }
    (sum < 1 ? shift_low : shift_high) = shift;
  }
}

/// Where the shares would go without the step limit.
Rows projected(Rows rows, double min_share) {
  fill_open(rows, 1, 0);
  fill_bands(rows, min_share, 1);
  project(rows);
  return rows;
}

bool same_shares(const Rows& rows, const Rows& others, double tolerance) {
  return std::ranges::equal(rows, others, [tolerance](const Row& a, const Row& b) {
    return a.open == b.open && std::abs(a.result - b.result) <= tolerance;
  });
}

bool all_are_weights(const Rows& rows) {
  return std::ranges::all_of(rows, [](const Row& row) {
    return row.given && *row.given <= k_weight_max && *row.given == std::floor(*row.given);
  });
}

/// Whole numbers whose sum is 10000, the largest remainders rounded up; open is at least 1.
std::vector<Weight> rounded(const Rows& rows) {
  std::vector<Weight> weights;
  std::vector<std::pair<double, std::size_t>> remainders;
  auto missing = static_cast<std::int64_t>(k_units);
  for (const Row& row : rows) {
    const double units = row.result * k_units;
    const auto whole = static_cast<std::uint32_t>(units);
    missing -= whole;
    if (row.open) remainders.emplace_back(whole - units, weights.size());
    weights.push_back({row.region, whole});
  }
  std::ranges::sort(remainders);
  for (const auto& [remainder, index] : remainders) {
    if (missing-- > 0) ++weights[index].weight;
    weights[index].weight = std::clamp(weights[index].weight, 1U, k_weight_max);
  }
  return weights;
}

void tell_moves(const Rows& rows, double tolerance, std::vector<std::string>& actions) {
  for (const Row& row : rows) {
    if (std::abs(row.result - row.wanted) <= tolerance) continue;
    if (row.wanted < row.low - tolerance && row.low > row.before) {
      actions.push_back("minimum share: " + row.region.value() + " raised from " +
                        percent(row.wanted) + " to " + percent(row.result));
    } else if (row.wanted < row.low - tolerance || row.wanted > row.high + tolerance) {
      const bool lifted = row.wanted > 0 && row.before <= 0;
      actions.push_back((lifted ? "largest step: " + row.region.value() + " opened at "
                                : "largest step: " + row.region.value() + " held at ") +
                        percent(row.result) + " (wanted " + percent(row.wanted) + ")");
    }
  }
}

std::vector<Weight> unchanged(const Rows& rows) {
  std::vector<Weight> weights;
  for (const Row& row : rows) {
    weights.push_back({row.region, static_cast<std::uint32_t>(*row.given)});
  }
  return weights;
}

}  // namespace

Result<SafeWeights> to_safe_set(std::span<const Weight> previous,
                                std::span<const ProposedWeight> proposed, const GuardSpec& guards,
                                std::span<const RegionName> known) {
  Rows rows = permitted_rows(guards, known);
  if (rows.empty()) {
    return fail(Code::failed_precondition, "residency permits none of the mesh's " +
                                               std::to_string(known.size()) +
                                               " regions; name at least one of them");
  }
  SafeWeights safe;
  const bool has_before = fill_before(rows, previous);
  fill_given(rows, proposed, guards, safe.actions);
  if (!fill_wanted(rows, has_before)) {
    safe.actions.push_back(has_before ? "never empty: nothing was above 0, the present weights stay"
                                      : "never empty: nothing was above 0, all weigh the same");
    take_present(rows, has_before);
  }

  const double min_share = limited(guards.min_share.value(), 0);
  const double step = has_before ? limited(guards.max_step.value(), 1) : 1;
  const double tolerance = static_cast<double>(rows.size() + 1) / k_units;
  const Rows goal = projected(rows, std::min(min_share, step));
  fill_open(rows, step, tolerance);
  fill_bands(rows, min_share, step);
  const bool passes = within_bands(rows, tolerance) && all_are_weights(rows);
  project(rows);
  safe.settled = same_shares(rows, goal, tolerance);
  if (passes) {
    safe.weights = unchanged(rows);
    return safe;
  }
  tell_moves(rows, tolerance, safe.actions);
  safe.weights = rounded(rows);
  return safe;
}

std::vector<ProposedWeight> as_proposal(std::span<const Weight> weights) {
  std::vector<ProposedWeight> proposal;
  proposal.reserve(weights.size());
  for (const Weight& weight : weights) {
    proposal.push_back({weight.region, static_cast<double>(weight.weight), {}});
  }
  return proposal;
}

}  // namespace weir
