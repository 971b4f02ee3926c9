#include "controller/simulate/source.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace weir::controller {
namespace {

/// Below this share of ready servers a destination is down.
constexpr double k_ready_least = 0.01;
constexpr Ticks k_ramp_step = 100'000'000;

}  // namespace

Source::Source(const Scenario& scenario, std::size_t self, std::span<const double> weights,
               std::uint64_t seed)
    : arrivals(scenario.demand[self], scenario.arrivals, Rng(seed)),
      rng(seed + 1),
      other(seed + 2),
      scenario_(scenario),
      chooser_(seed + 3),
      weights_(weights.begin(), weights.end()),
      effective_(weights.begin(), weights.end()),
      ways_(scenario.size()),
      retries_left_(scenario.retries.budget_most) {}

std::optional<std::size_t> Source::choose_again(std::uint64_t tried) {
  std::array<std::size_t, 64> excluded{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < effective_.size(); ++i) {
    if (((tried >> i) & 1U) != 0) excluded[count++] = i;
  }
  return chooser_.choose_again(effective_, std::span(excluded).first(count));
}

void Source::set_weights(std::span<const double> weights) {
  std::ranges::copy(weights, weights_.begin());
  refresh();
}

void Source::set_limits(std::span<const double> limits, std::span<const double> overflow) {
  wished_limits_.assign(limits.begin(), limits.end());
  overflow_.assign(overflow.begin(), overflow.end());
  for (double& weight : overflow_) {
    if (!std::isfinite(weight) || weight < 0) weight = 0;
  }
  refresh();
}

double Source::usable_part(const Way& way) const {
  if (way.state == State::away) return 0;
  const double spill_below = scenario_.health.spill_below;
  const double spill = spill_below > 0 ? std::min(1.0, way.ready_share / spill_below) : 1;
  return way.ramp * spill;
}

void Source::refresh() {
  double sum = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    effective_[i] = weights_[i] * usable_part(ways_[i]);
    sum += effective_[i];
  }
  limits_.resize(wished_limits_.size());
  for (std::size_t i = 0; i < limits_.size(); ++i) {
    limits_[i] = usable_limit(wished_limits_[i], usable_part(ways_[i]));
  }
  if (sum <= 0) effective_ = weights_;
}

std::optional<Ticks> Source::look(std::size_t to, Ticks now) {
  Way& way = ways_[to];
  const bool works = way.path_up && way.ready_share >= k_ready_least;
  if (works && !way.works) way.since = now;
  way.works = works;
  const Ticks hold = to_ticks(scenario_.health.hold_ms);
  const Ticks ramp = to_ticks(scenario_.health.ramp_ms);
  std::optional<Ticks> again;
  if (!works) {
    way.state = State::away;
  } else if (way.state == State::away) {
    if (now - way.since >= hold) {
      way.state = State::ramping;
      way.since = now;
    } else {
      again = way.since + hold;
    }
  }
  way.ramp = 1;
  if (way.state == State::ramping) {
    way.ramp = ramp == 0 ? 1 : static_cast<double>(now - way.since) / static_cast<double>(ramp);
    if (way.ramp >= 1) {
      way.ramp = 1;
      way.state = State::active;
    } else {
      again = now + k_ramp_step;
    }
  }
  refresh();
  return again;
}

void Source::earn_retries() {
  retries_left_ = std::min(scenario_.retries.budget_most, retries_left_ + scenario_.retries.budget);
}

bool Source::spend_retry() {
  if (retries_left_ < 1) return false;
  --retries_left_;
  return true;
}

}  // namespace weir::controller
