#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/base/time.h"
#include "common/model/service.h"

namespace weir::agent {

/// How many of the requests of the last `window` failed. Bounded: ten slices.
class ErrorWindow {
 public:
  void add(std::uint64_t ended, std::uint64_t failed, Duration window, Time now);
  void clear() { slices_.clear(); }
  /// Nothing when fewer than `min_requests` ended inside the window.
  std::optional<double> share(std::uint32_t min_requests, Duration window, Time now) const;

 private:
  struct Slice {
    Time begin;
    std::uint64_t ended = 0;
    std::uint64_t failed = 0;
  };
  std::deque<Slice> slices_;
};

/// What is known about one destination of one service at one moment.
struct DestinationFacts {
  bool reachable = true;
  bool works = true;    // no trigger of the rules holds
  std::string trouble;  // the first one that does: "path down: 3 hellos missed"
  double factor = 1;    // of the weight its healthy servers can carry, 0 to 1
};

/// One destination's way out of service and back.
///
///              works                    trouble
///   starting ───────────────▶ active ◀─────────────┐
///                               │ trouble          │ after ramp
///                               ▼       works      │
///                             away ─────────────▶ ramping ──▶ (trouble) away
///                              └ for `hold` without trouble, doubled up to 8 times (60 s) when it
///                                fails again soon after it came back
///
/// A destination that never worked since the start is not held away: it comes in at once.
class DestinationMachine {
 public:
  enum class State { starting, active, away, ramping };
  enum class Change { none, left, returning, returned };

  /// `now` never runs back.
  Change step(const DestinationFacts& facts, const FailoverSpec& spec, Time now);

  State state() const { return state_; }
  const DestinationFacts& facts() const { return facts_; }
  bool usable() const { return state_ == State::active || state_ == State::ramping; }
  /// Works again but is still held away.
  bool ready() const { return facts_.works && !usable(); }
  /// The share of its weight it gets: 0 when not usable; rises without a step back while it ramps.
  double ramp(const FailoverSpec& spec, Time now) const;
  /// When `step` has to be called although no fact changed.
  std::optional<Time> next_wakeup(const FailoverSpec& spec, Time now) const;

  ErrorWindow errors;
  std::uint32_t in_flight = 0;
  bool full = false;  // more in flight than the rules allow; until a tenth below

 private:
  Duration hold(const FailoverSpec& spec) const;

  DestinationFacts facts_;
  State state_ = State::starting;
  Time works_since_{};
  Time ramp_begin_{};
  int flaps_ = 0;
};

}  // namespace weir::agent
