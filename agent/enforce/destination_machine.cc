#include "agent/enforce/destination_machine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir::agent {
namespace {

constexpr int k_slices = 10;
constexpr int k_flaps_max = 3;
constexpr Duration k_hold_max = std::chrono::seconds(60);
constexpr Duration k_ramp_step = std::chrono::milliseconds(100);
constexpr double k_goal = 0.9;  // of the limit, in flight
constexpr double k_step_up_max = 1.1;
constexpr double k_step_down_max = 2;
constexpr double k_share_min = 0.05;  // enough to see how it does, and to be back within seconds

}  // namespace

void ErrorWindow::add(std::uint64_t ended, std::uint64_t failed, Duration window, Time now) {
  while (!slices_.empty() && slices_.front().begin + window <= now) slices_.pop_front();
  if (slices_.empty() || now - slices_.back().begin >= window / k_slices) {
    slices_.push_back({now, 0, 0});
  }
  slices_.back().ended += ended;
  slices_.back().failed += std::min(failed, ended);
}

std::optional<double> ErrorWindow::share(std::uint32_t min_requests, Duration window,
                                         Time now) const {
  std::uint64_t ended = 0;
  std::uint64_t failed = 0;
  for (const Slice& slice : slices_) {
    if (slice.begin + window <= now) continue;
    ended += slice.ended;
    failed += slice.failed;
  }
  if (ended == 0 || ended < min_requests) return std::nullopt;
  return static_cast<double>(failed) / static_cast<double>(ended);
}

void Room::look(std::uint32_t in_flight, std::uint32_t limit) {
  if (limit == 0) {
    share_ = 1;
    return;
  }
  const double goal = std::max(1.0, k_goal * limit);
  const double step = std::sqrt(goal / std::max(1.0, static_cast<double>(in_flight)));
  share_ =
      std::clamp(share_ * std::clamp(step, 1 / k_step_down_max, k_step_up_max), k_share_min, 1.0);
}

Duration DestinationMachine::hold(const FailoverSpec& spec) const {
  const Duration once = spec.hold;
  return std::max(once, std::min(once * (1 << flaps_), k_hold_max));
}

DestinationMachine::Change DestinationMachine::step(const DestinationFacts& facts,
                                                    const FailoverSpec& spec, Time now) {
  const bool worked = facts_.works;
  facts_ = facts;
  if (!facts.works) {
    if (state_ == State::starting || state_ == State::away) return Change::none;
    const bool soon = state_ == State::ramping || now - ramp_begin_ < spec.ramp + hold(spec);
    flaps_before_ = flaps_;
    flaps_ = soon && ramp_begin_ != Time{} ? std::min(flaps_ + 1, k_flaps_max) : 0;
    state_ = State::away;
    left_at_ = now;
    excused_ = false;
    errors.clear();
    return Change::left;
  }
  if (state_ == State::starting) {
    state_ = State::active;
    return Change::none;
  }
  if (state_ == State::away) {
    if (!worked) works_since_ = now;
    if (!excused_ && now - works_since_ < hold(spec)) return Change::none;
    const bool at_once = spec.ramp.count() <= 0 || (excused_ && now - left_at_ <= hold(spec));
    state_ = at_once ? State::active : State::ramping;
    if (std::exchange(excused_, false) && at_once) return Change::returned;
    ramp_begin_ = now;
    return state_ == State::ramping ? Change::returning : Change::returned;
  }
  if (state_ == State::ramping && now - ramp_begin_ >= spec.ramp) {
    state_ = State::active;
    return Change::returned;
  }
  return Change::none;
}

void DestinationMachine::excuse(Duration together, Time now) {
  if (state_ != State::away || excused_ || now - left_at_ > together) return;
  excused_ = true;
  flaps_ = flaps_before_;
}

double DestinationMachine::ramp(const FailoverSpec& spec, Time now) const {
  if (state_ == State::active) return 1;
  if (state_ != State::ramping) return 0;
  const auto whole = static_cast<double>(Duration(spec.ramp).count());
  if (whole <= 0) return 1;
  return std::clamp(static_cast<double>((now - ramp_begin_).count()) / whole, 0.0, 1.0);
}

std::optional<Time> DestinationMachine::next_wakeup(const FailoverSpec& spec, Time now) const {
  if (state_ == State::away && facts_.works) return excused_ ? now : works_since_ + hold(spec);
  if (state_ == State::ramping) return std::min(ramp_begin_ + spec.ramp, now + k_ramp_step);
  return std::nullopt;
}

}  // namespace weir::agent
