#include "controller/policy/rivals/hill_climb.h"

#include <algorithm>
#include <cmath>

#include "common/model/service_policy.h"

namespace weir::controller {
namespace {

struct Moments {
  double mean = 0;
  double mean_variance = 0;  // of the mean
};

Moments moments(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  Moments result;
  for (const double value : values) result.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.mean_variance = squares / (count - 1) / count;
  return result;
}

}  // namespace

double welch_t(std::span<const double> first, std::span<const double> second) {
  if (first.size() < 2 || second.size() < 2) return 0;
  const Moments a = moments(first);
  const Moments b = moments(second);
  const double variance = a.mean_variance + b.mean_variance;
  return variance > 0 ? (a.mean - b.mean) / std::sqrt(variance) : 0;
}

void HillClimb::restart(std::span<const double> shares) {
  accepted_.assign(shares.begin(), shares.end());
  trying_ = false;
  failures_ = 0;
  before_.clear();
  samples_.clear();
}

void HillClimb::end_period(std::span<const double> expected_ms,
                           std::span<const double> observed_ms) {
  if (trying_) {
    judge();
  } else if (!resting() && samples_.size() >= 2 && start_trial(expected_ms, observed_ms)) {
    before_ = samples_;
    trying_ = true;
  }
  samples_.clear();
}

void HillClimb::judge() {
  trying_ = false;
  if (welch_t(before_, samples_) >= options_.t_value) {
    accepted_ = trial_;
    failures_ = 0;
  } else {
    ++failures_;
  }
}

bool HillClimb::start_trial(std::span<const double> expected_ms,
                            std::span<const double> observed_ms) {
  double behind = 0;
  double ahead = 0;
  std::vector<double> lead(accepted_.size(), 0);
  for (std::size_t to = 0; to < accepted_.size(); ++to) {
    if (!known(expected_ms[to]) || !known(observed_ms[to]) || accepted_[to] <= 0) continue;
    lead[to] = expected_ms[to] - observed_ms[to];
    (lead[to] < 0 ? behind : ahead) += std::abs(lead[to]);
  }
  if (behind <= 0 || ahead <= 0) return false;
  double sum = 0;
  for (const double share : accepted_) sum += share;
  trial_ = accepted_;
  double moved = 0;
  for (std::size_t to = 0; to < trial_.size(); ++to) {
    if (lead[to] >= 0) continue;
    const double taken = std::min(trial_[to], options_.step * sum * -lead[to] / behind);
    trial_[to] -= taken;
    moved += taken;
  }
  for (std::size_t to = 0; to < trial_.size(); ++to) {
    if (lead[to] > 0) trial_[to] += moved * lead[to] / ahead;
  }
  return moved > 0;
}

}  // namespace weir::controller
