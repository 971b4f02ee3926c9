#include "controller/policy/planner/capacity_filter.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr double k_level_low = -6;
constexpr double k_level_high = 9;
constexpr double k_capacity_low = -5;  // logs of requests a second
constexpr double k_capacity_high = 28;
constexpr double k_slack = 0.7;  // standard deviations an interval may be off without adding up
constexpr double k_alarm = 5;    // summed standard deviations that mean a change
constexpr double k_at_most = 4;  // one interval adds at most this much
constexpr double k_level_variance_start = 1;
constexpr double k_level_variance_most = 9;
constexpr double k_capacity_variance_most = 1;

}  // namespace

void CapacityFilter::start(double log_capacity, double deviation) {
  capacity_ = log_capacity;
  capacity_variance_ = deviation * deviation;
  level_ = k_usual_level;
  level_variance_ = k_level_variance_start;
  covariance_ = 0;
  above_ = below_ = 0;
}

void CapacityFilter::pass(double dt_s) {
  const double kept = std::exp(-dt_s / options_.level_tau_s);
  level_ = k_usual_level + kept * (level_ - k_usual_level);
  covariance_ *= kept;
  level_variance_ =
      std::min(level_variance_ * kept * kept + options_.level_drift * options_.level_drift * dt_s,
               k_level_variance_most);
  capacity_variance_ =
      std::min(capacity_variance_ + options_.capacity_drift * options_.capacity_drift * dt_s,
               k_capacity_variance_most);
}

void CapacityFilter::see_capacity(double log_capacity, double variance) {
  update(log_capacity - capacity_, variance, 0, 1);
}

void CapacityFilter::see_answers(double miss, double variance, double per_level,
                                 double per_log_capacity) {
  update(miss, variance, per_level, per_log_capacity);
}

void CapacityFilter::update(double miss, double variance, double on_level, double on_capacity) {
  if (!std::isfinite(miss) || !(variance > 0)) return;
  const auto expected = [&] {
    return on_level * on_level * level_variance_ + 2 * on_level * on_capacity * covariance_ +
           on_capacity * on_capacity * capacity_variance_ + variance;
  };
  const double standard = std::clamp(miss / std::sqrt(expected()), -k_at_most, k_at_most);
  above_ = std::max(0.0, above_ + standard - k_slack);
  below_ = std::max(0.0, below_ - standard - k_slack);
  if (above_ > k_alarm || below_ > k_alarm) {
    above_ = below_ = 0;
    covariance_ = 0;
    if (on_level > 0) level_variance_ = std::max(level_variance_, 4.0);
    capacity_variance_ = std::max(capacity_variance_, 0.15);
  }
  const double scale = 1 / expected();
  const double to_level = (on_level * level_variance_ + on_capacity * covariance_) * scale;
  const double to_capacity = (on_level * covariance_ + on_capacity * capacity_variance_) * scale;
  const double level_seen = on_level * level_variance_ + on_capacity * covariance_;
  const double capacity_seen = on_level * covariance_ + on_capacity * capacity_variance_;
  level_ = std::clamp(level_ + to_level * miss, k_level_low, k_level_high);
  // One interval of answers may halve or double the capacity, not more.
  capacity_ += on_level > 0 ? std::clamp(to_capacity * miss, -0.7, 0.7) : to_capacity * miss;
  capacity_ = std::clamp(capacity_, k_capacity_low, k_capacity_high);
  level_variance_ = std::max(1e-6, level_variance_ - to_level * level_seen);
  covariance_ -= to_level * capacity_seen;
  capacity_variance_ = std::max(1e-6, capacity_variance_ - to_capacity * capacity_seen);
  const double most = 0.99 * std::sqrt(level_variance_ * capacity_variance_);
  covariance_ = std::clamp(covariance_, -most, most);
}

void CapacityFilter::shift(double log_factor) {
  capacity_ = std::clamp(capacity_ + log_factor, k_capacity_low, k_capacity_high);
  capacity_variance_ =
      std::min(capacity_variance_ + 0.1 * log_factor * log_factor, k_capacity_variance_most);
}

void CapacityFilter::raise_to(double log_capacity) {
  capacity_ = std::max(capacity_, log_capacity);
}

double CapacityFilter::capacity_deviation() const { return std::sqrt(capacity_variance_); }
double CapacityFilter::level_deviation() const { return std::sqrt(level_variance_); }

}  // namespace weir::controller
