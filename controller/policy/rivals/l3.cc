#include "controller/policy/rivals/l3.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

/// Stands for no requests where their number divides.
constexpr double k_rps_least = 0.2;
constexpr double k_success_least = 0.01;
constexpr double k_latency_least_s = 1e-4;

double tail_ms(const PairSeen& pair) {
  for (const double value :
       {pair.latency_p99_ms, pair.latency_p90_ms, pair.latency_mean_ms, pair.latency_p50_ms}) {
    if (known(value)) return value;
  }
  return k_unknown;
}

}  // namespace

double l3_rate_control(double weight, double mean, double change) {
  const double square = change * change;
  if (change > 0) return mean - mean / (1 + square) + weight / (1 + square);
  if (weight <= mean) return weight / (1 + 4 * square);
  return 2 * weight - mean - (weight - mean) / (1 + 9 * square);
}

L3::L3(const ServiceSetting& setting, const L3Options& options)
    : options_(options),
      view_(setting),
      pairs_(setting.size(), setting.size(),
             Pair{.p99_s = Smoothed(options.start_p99_s),
                  .in_flight = Smoothed(options.start_in_flight),
                  .success = Smoothed(1),
                  .rps = Smoothed()}),
      total_rps_(setting.size()),
      total_before_(setting.size(), k_unknown),
      shares_(setting.size(), setting.size()) {}

ServiceWish L3::observe(const ServiceObservation& seen) {
  view_.see(seen);
  const double rate_weight = sample_weight(view_.elapsed_s(), options_.rate_tau_s);
  for (std::size_t from = 0; from < view_.size(); ++from) {
    for (std::size_t to = 0; to < view_.size(); ++to) take(from, to);
    total_rps_[from].add(view_.demand(from), rate_weight);
  }
  since_period_s_ += view_.elapsed_s();
  const bool due = since_period_s_ + view_.interval_s() / 2 >= options_.period_s;
  if (!known(since_period_s_) || due) {
    for (std::size_t from = 0; from < view_.size(); ++from) fill_row(from);
    since_period_s_ = 0;
  }
  return view_.wish(shares_);
}

void L3::take(std::size_t from, std::size_t to) {
  const PairSeen& seen = view_.pair(from, to);
  Pair& pair = pairs_(from, to);
  const double latency_weight = sample_weight(view_.elapsed_s(), options_.latency_tau_s);
  const double rate_weight = sample_weight(view_.elapsed_s(), options_.rate_tau_s);
  const double in_flight = seen.in_flight;
  if (seen.sent <= 0 && seen.ended() <= 0) return;
  pair.p99_s.add(tail_ms(seen) / 1000, latency_weight);
  pair.in_flight.add(in_flight, latency_weight);
  if (seen.ended() > 0) pair.success.add(seen.ok / seen.ended(), rate_weight);
  pair.rps.add(seen.sent / view_.interval_s(), rate_weight);
}

double L3::weigh(const Pair& pair) const {
  const double rps = std::max(k_rps_least, pair.rps.value_or(k_rps_least));
  // Without a count, what Little's law says of the latency is left out rather than guessed.
  const double per_rps = pair.in_flight.value_or(0) / rps;
  const double success = std::max(k_success_least, pair.success.value_or(1));
  const double latency =
      std::max(k_latency_least_s, pair.p99_s.value_or(options_.start_p99_s) +
                                      options_.failure_penalty_s * (1 / success - 1));
  if (options_.score == L3Score::c3) return 1000 / (latency + std::pow(per_rps, 3) * latency);
  return 100 / (std::pow(per_rps + 1, 2) * latency);
}

void L3::fill_row(std::size_t from) {
  const auto row = shares_.row(from);
  std::ranges::fill(row, 0);
  const auto destinations = view_.nearest(from);
  double mean = 0;
  for (const std::size_t to : destinations) {
    row[to] = std::max(1.0, weigh(pairs_(from, to)));
    mean += row[to] / static_cast<double>(destinations.size());
  }
  const double now = total_rps_[from].value_or(0);
  const double before = total_before_[from];
  total_before_[from] = now;
  const bool controlled = options_.rate_control && options_.score == L3Score::l3;
  const double change = known(before) && now > 0 ? (before - now) / now : 0;
  for (const std::size_t to : destinations) {
    if (controlled) row[to] = l3_rate_control(row[to], mean, change);
    row[to] = std::max(1.0, std::round(row[to]));
  }
}

}  // namespace weir::controller
