#include "controller/steer/wish_proposal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "common/routing/room.h"
#include "common/routing/safe_set.h"

namespace weir::controller {
namespace {

constexpr double k_worth_a_change = 0.01;  // of a source's requests, at one destination
constexpr double k_limit_slack = 0.1;      // of a limit
constexpr double k_scale = 10'000;
constexpr std::size_t k_reasons_max = 8;

std::vector<double> as_shares(std::span<const double> row) {
  double sum = 0;
  for (const double share : row) sum += share;
  std::vector<double> shares(row.begin(), row.end());
  for (double& share : shares) share /= sum;
  return shares;
}

std::vector<double> shares_of(std::span<const RegionName> regions,
                              std::span<const Weight> weights) {
  std::vector<double> shares(regions.size(), 0.0);
  double sum = 0;
  for (const Weight& weight : weights) {
    const auto found = std::ranges::find(regions, weight.region);
    if (found == regions.end()) continue;
    shares[static_cast<std::size_t>(found - regions.begin())] += weight.weight;
    sum += weight.weight;
  }
  if (sum > 0) {
    for (double& share : shares) share /= sum;
  }
  return shares;
}

bool worth_a_change(std::span<const double> wished, std::span<const double> now) {
  for (std::size_t i = 0; i < wished.size(); ++i) {
    if (std::abs(wished[i] - now[i]) >= k_worth_a_change) return true;
    if ((wished[i] > 0) != (now[i] > 0)) return true;
  }
  return false;
}

std::vector<InFlightLimit> limits_of(const ServiceWish& wish, const ServiceSetting& setting,
                                     std::size_t from) {
  std::vector<InFlightLimit> limits;
  if (wish.in_flight_limits.empty()) return limits;
  double most = 0;
  const auto weight_of = [&](std::size_t to) {
    if (wish.overflow_weights.empty()) return 1.0;
    const double weight = wish.overflow_weights(from, to);
    return std::isfinite(weight) && weight > 0 ? weight : 0;
  };
  for (std::size_t to = 0; to < setting.size(); ++to) most = std::max(most, weight_of(to));
  for (std::size_t to = 0; to < setting.size(); ++to) {
    const std::uint32_t limit = usable_limit(wish.in_flight_limits(from, to));
    if (limit == 0 || setting.allowed(from, to) == 0) continue;
    const double part = most > 0 ? weight_of(to) / most : 1;
    limits.push_back({.region = setting.regions[to],
                      .requests = limit,
                      .overflow_weight = static_cast<std::uint32_t>(std::lround(part * k_scale))});
  }
  return limits;
}

bool worth_a_change(std::span<const InFlightLimit> wished, std::span<const InFlightLimit> now) {
  return !std::ranges::equal(wished, now, [](const InFlightLimit& one, const InFlightLimit& other) {
    const double off = std::abs(static_cast<double>(one.requests) - other.requests);
    return one.region == other.region &&
           (off <= 1 || off <= k_limit_slack * std::max(one.requests, other.requests));
  });
}

/// The moves themselves, for a wish that names no reason for them: not every policy does, and none
/// for a share it opens or closes that is too small to speak of. The note says what was in force.
std::vector<Reason> bare_reasons(const ServiceSetting& setting, std::span<const double> wished,
                                 std::span<const double> now) {
  std::vector<Reason> reasons;
  for (std::size_t to = 0; to < wished.size() && reasons.size() < k_reasons_max; ++to) {
    if (!worth_a_change(wished.subspan(to, 1), now.subspan(to, 1))) continue;
    reasons.push_back({setting.regions[to], "wish", wished[to] - now[to],
                       fmt::format("{:.1f} % instead of {:.1f} %, no more is said of it",
                                   100 * wished[to], 100 * now[to])});
  }
  return reasons;
}

/// Of one source's requests, as the policy expects it.
std::optional<double> expected_of(const ServiceWish& wish, std::span<const double> shares,
                                  std::size_t from) {
  if (wish.expected_in_slo.empty()) return std::nullopt;
  double sum = 0;
  for (std::size_t to = 0; to < shares.size(); ++to) {
    if (shares[to] > 0) sum += shares[to] * wish.expected_in_slo(from, to);
  }
  if (!std::isfinite(sum)) return std::nullopt;
  return std::clamp(sum, 0.0, 1.0);
}

}  // namespace

Grid<double> shares_in_force(std::span<const RegionName> regions, const SourceInForce& in_force) {
  Grid<double> shares(regions.size(), regions.size(), 0.0);
  for (std::size_t from = 0; from < regions.size(); ++from) {
    std::ranges::copy(shares_of(regions, in_force(regions[from]).weights),
                      shares.row(from).begin());
  }
  return shares;
}

Proposal proposals_of(const ServiceWish& wish, const ServiceSetting& setting, const std::string& by,
                      WishLimits limits, const SourceInForce& in_force) {
  Proposal proposals;
  for (std::size_t from = 0; from < setting.size(); ++from) {
    const auto wished = as_shares(wish.shares.row(from));
    const auto [weights, limits_now] = in_force(setting.regions[from]);
    auto limits_wished =
        limits == WishLimits::kept ? limits_of(wish, setting, from) : std::vector<InFlightLimit>();
    const bool move =
        weights.empty() || worth_a_change(wished, shares_of(setting.regions, weights));
    const bool limit =
        limits != WishLimits::overlooked && worth_a_change(limits_wished, limits_now);
    if (!move && !limit) continue;
    WeightProposal& made = proposals.emplace_back();
    made.service = setting.service;
    made.from = setting.regions[from];
    made.by = by;
    made.fades = true;
    made.limits = std::move(limits_wished);
    if (!move) made.weights = as_proposal(weights);
    for (std::size_t to = 0; move && to < setting.size(); ++to) {
      if (setting.allowed(from, to) == 0) continue;
      made.weights.push_back(
          {.region = setting.regions[to], .weight = k_scale * wished[to], .why = {}});
    }
    for (const Why& why : wish.why) {
      if (why.from != from || why.to >= setting.size()) continue;
      if (made.reasons.size() >= k_reasons_max) break;
      made.reasons.push_back({setting.regions[why.to], why.term, why.delta, why.note});
    }
    if (move && made.reasons.empty()) {
      made.reasons = bare_reasons(setting, wished, shares_of(setting.regions, weights));
    }
    if (!move) {
      made.reasons = {{setting.regions[from], "limits", 0, "weights as they were"}};
    }
    made.expected_in_objective = expected_of(wish, wished, from);
  }
  return proposals;
}

}  // namespace weir::controller
