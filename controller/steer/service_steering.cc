#include "controller/steer/service_steering.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace weir::controller {
namespace {

constexpr std::size_t k_shown_to_a_new_policy = 120;  // intervals
constexpr double k_kept_of_outcome = 1 - 1.0 / 60;

/// The cut, if any, is the weightiest reason of each source it moved.
std::optional<CostCut> hold_cost(const ServiceSetting& setting, const CostCeiling& ceiling,
                                 ServiceWish& wish) {
  Grid<double> held = wish.shares;
  const auto cut = ceiling.hold(held);
  if (!cut) return cut;
  std::vector<Why> reasons;
  for (std::size_t from = 0; from < setting.size(); ++from) {
    const auto before = wish.shares.row(from);
    const double sum = std::accumulate(before.begin(), before.end(), 0.0);
    Why most{.from = from, .to = 0, .term = "cost ceiling", .delta = 0, .note = {}};
    for (std::size_t to = 0; to < setting.size(); ++to) {
      const double moved = held(from, to) - before[to] / sum;
      if (std::abs(moved) > std::abs(most.delta)) most.to = to, most.delta = moved;
    }
    if (most.delta == 0) continue;
    most.note = in_words(*cut, setting.max_cost_per_hour);
    reasons.push_back(std::move(most));
  }
  wish.shares = std::move(held);
  wish.why.insert(wish.why.begin(), reasons.begin(), reasons.end());
  return cut;
}

}  // namespace

ServiceWish SteeringJob::run() const {
  ServiceWish wish;
  for (const ServiceObservation& interval : seen) wish = policy->observe(interval);
  return wish;
}

ServiceSteering::ServiceSteering(ServiceSetting setting, std::vector<Rung> ladder, Experience past)
    : setting_(std::move(setting)),
      ladder_(std::move(ladder)),
      experience_(std::move(past)),
      cost_(setting_) {}

std::string ServiceSteering::policy() const {
  return rung_ < ladder_.size() ? ladder_[rung_].name : "static";
}

std::optional<SteeringJob> ServiceSteering::begin(ServiceObservation seen, Time now) {
  judge(seen);
  cost_.observe(seen.offered);
  experience_.add(std::move(seen));
  if (rung_ > 0 && now >= climb_at_) {
    rung_ = 0;
    policy_.reset();
    climbed_at_ = now;
  } else if (disappointments_ >= k_disappointments) {
    drop("it expected more of its own weights than came true, " +
             std::to_string(k_disappointments) + " intervals in a row",
         now);
  }
  return job();
}

std::optional<SteeringJob> ServiceSteering::take(ServiceWish wish, Time now) {
  if (const std::string flaw = flaw_of(wish, setting_); !flaw.empty()) {
    return fall("it wished " + flaw, now);
  }
  cost_cut_ = hold_cost(setting_, cost_, wish);
  wish_ = std::move(wish);
  ++decisions_;
  return std::nullopt;
}

std::optional<SteeringJob> ServiceSteering::fall(const std::string& why, Time now) {
  drop(why, now);
  return job();
}

void ServiceSteering::change(ServiceSetting setting) {
  setting_ = std::move(setting);
  cost_ = CostCeiling(setting_);
  policy_.reset();
  wish_.reset();
  disappointments_ = 0;
}

/// The job of the first rung from here down whose policy can be made.
std::optional<SteeringJob> ServiceSteering::job() {
  for (; rung_ < ladder_.size(); ++rung_) {
    if (policy_ != nullptr) return SteeringJob{policy_, experience_.newest(1)};
    auto made = ladder_[rung_].make(setting_);
    if (made) {
      policy_ = *std::move(made);
      return SteeringJob{policy_, experience_.newest(k_shown_to_a_new_policy)};
    }
    last_fall_ = ladder_[rung_].name + ": " + made.error().message();
    ++falls_;
  }
  wish_.reset();
  return std::nullopt;
}

void ServiceSteering::judge(const ServiceObservation& seen) {
  last_outcome_ = {};
  if (!wish_ || !applied_) {
    disappointments_ = 0;
    return;
  }
  const Outcome now = outcome_of(*wish_, seen);
  disappointments_ = now.disappointing() ? disappointments_ + 1 : 0;
  last_outcome_ = now;
  outcome_.ended = k_kept_of_outcome * outcome_.ended + now.ended;
  outcome_.in_slo = k_kept_of_outcome * outcome_.in_slo + now.in_slo;
  outcome_.expected = k_kept_of_outcome * outcome_.expected + now.expected;
}

void ServiceSteering::drop(const std::string& why, Time now) {
  last_fall_ = policy() + ": " + why;
  ++falls_;
  const bool again = climbed_at_ != Time{} && now - climbed_at_ < 2 * hold_;
  hold_ = again ? std::min<Duration>(2 * hold_, k_hold_max) : Duration(k_hold);
  climb_at_ = now + hold_;
  policy_.reset();
  wish_.reset();
  disappointments_ = 0;
  if (rung_ < ladder_.size()) ++rung_;
}

}  // namespace weir::controller
