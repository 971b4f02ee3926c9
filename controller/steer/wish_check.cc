#include "controller/steer/wish_check.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr double k_deviations = 3;
constexpr double k_model_error = 0.1;  // of the requests: what a sound model may be wrong by

bool usable(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

std::string flaw_of(const ServiceWish& wish, const ServiceSetting& setting) {
  const std::size_t n = setting.size();
  if (wish.shares.rows() != n || wish.shares.columns() != n) return "a table of another size";
  for (std::size_t from = 0; from < n; ++from) {
    double sum = 0;
    for (std::size_t to = 0; to < n; ++to) {
      const double share = wish.shares(from, to);
      if (!usable(share)) return "a share that is no number or below 0";
      if (share > 0 && setting.allowed(from, to) == 0) return "a share where none is allowed";
      sum += share;
    }
    if (!(sum > 0) || !std::isfinite(sum)) return "a source without any destination";
  }
  const auto sound = [n](const Grid<double>& table) {
    return table.empty() || (table.rows() == n && table.columns() == n);
  };
  if (!sound(wish.expected_in_slo)) return "expectations of another size";
  if (!sound(wish.in_flight_limits)) return "limits of another size";
  if (!sound(wish.overflow_weights)) return "overflow weights of another size";
  return {};
}

bool Outcome::disappointing() const {
  return expected - in_slo > k_deviations * deviation + k_model_error * ended;
}

Outcome outcome_of(const ServiceWish& wish, const ServiceObservation& seen) {
  Outcome outcome;
  if (wish.expected_in_slo.empty()) return outcome;
  double variance = 0;
  for (std::size_t from = 0; from < seen.pairs.rows(); ++from) {
    for (std::size_t to = 0; to < seen.pairs.columns(); ++to) {
      const PairSeen& pair = seen.pairs(from, to);
      const double chance = wish.expected_in_slo(from, to);
      if (!usable(pair.ended()) || !usable(pair.in_slo) || !usable(chance)) continue;
      const double likely = std::min(chance, 1.0);
      outcome.ended += pair.ended();
      outcome.in_slo += pair.in_slo;
      outcome.expected += pair.ended() * likely;
      variance += pair.ended() * likely * (1 - likely);
    }
  }
  outcome.deviation = std::sqrt(variance + 1);
  return outcome;
}

}  // namespace weir::controller
