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

/// How much of its weight a destination gets under a limit of requests in flight.
///
/// Each look at the requests in flight moves the share a part of the way to where nine tenths of
/// the limit would be in flight: share x (goal / in flight)^1/2, by a tenth upwards at most. It
/// meets a load above the limit within a second or two and stays there, where closing the
/// destination and opening it again would swing between nothing and too much. The hard limit,
/// request by request, is the data plane's.
class Room {
 public:
  /// To be called at an even pace, some times a second.
  void look(std::uint32_t in_flight, std::uint32_t limit);
  /// 1: no limit, or none that matters; never 0.
  double share() const { return share_; }

 private:
  double share_ = 1;
};

/// What makes a destination be left.
enum class FailoverTrigger : std::uint8_t { path, servers, errors };
inline constexpr const char* k_failover_triggers[] = {"path", "servers", "errors"};

/// What is known about one destination of one service at one moment.
struct DestinationFacts {
  bool reachable = true;
  bool works = true;    // no trigger of the rules holds
  std::string trouble;  // the first one that does: "path down: 3 hellos missed"
  double factor = 1;    // of the weight its healthy servers can carry, 0 to 1
  FailoverTrigger trigger = FailoverTrigger::path;  // of the trouble
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
/// A destination that never worked since the start is not held away: it comes in at once. So does
/// one that was left because this agent was cut off for a while (`excuse`); when that lasted longer
/// than `hold`, it ramps.
class DestinationMachine {
 public:
  enum class State { starting, active, away, ramping };
  enum class Change { none, left, returning, returned };

  /// `now` never runs back.
  Change step(const DestinationFacts& facts, const FailoverSpec& spec, Time now);

  State state() const { return state_; }
  const DestinationFacts& facts() const { return facts_; }
  bool usable() const { return state_ == State::active || state_ == State::ramping; }
  /// What made it leave within the last `together` was this agent's fault: it counts for no flap
  /// and is not held away.
  void excuse(Duration together, Time now);
  /// Works again but is still held away.
  bool ready() const { return facts_.works && !usable(); }
  /// The share of its weight it gets: 0 when not usable; rises without a step back while it ramps.
  double ramp(const FailoverSpec& spec, Time now) const;
  /// When `step` has to be called although no fact changed.
  std::optional<Time> next_wakeup(const FailoverSpec& spec, Time now) const;

  ErrorWindow errors;
  Room room;

 private:
  Duration hold(const FailoverSpec& spec) const;

  DestinationFacts facts_;
  State state_ = State::starting;
  Time works_since_{};
  Time ramp_begin_{};
  Time left_at_{};
  int flaps_ = 0;
  int flaps_before_ = 0;  // it left the last time
  bool excused_ = false;
};

}  // namespace weir::agent
