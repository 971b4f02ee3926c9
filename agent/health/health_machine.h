#pragma once

#include <chrono>
#include <optional>

#include "common/base/time.h"
#include "common/model/service.h"
#include "common/sim/rng.h"

namespace weir::agent {

/// Decides from the results of checks whether one endpoint is healthy, and when to check next.
///
///   unknown ── first result ──▶ up or down
///   up      ── `fall` failures in a row, or one broken request ──▶ down
///   down    ── `rise` successes in a row ──▶ up
///
/// While a change is under way the next check comes after half the interval. Intervals count from
/// the end of a check and are shortened or lengthened by up to `jitter`, so that many agents do not
/// check one server in step. With 200 ms, a timeout of 400 ms, fall 2 and jitter 0.1 a silent
/// server is down 1130 ms after it fell silent at the latest.
///
/// Pure.
class HealthMachine {
 public:
  /// `before`: what was known of the endpoint already; a change of its check keeps it.
  HealthMachine(const HealthCheckSpec& spec, Rng rng, Time now,
                std::optional<bool> before = std::nullopt);

  Time next_check() const { return next_check_; }
  /// None: no check has ended yet.
  std::optional<bool> known() const { return known_; }
  bool healthy() const { return known_.value_or(false); }

  /// A check has ended. The new health when it changed (or became known).
  std::optional<bool> on_result(bool passed, Time now);

  /// A request found the endpoint broken. False when it goes down by that; none when it was not up.
  std::optional<bool> on_broken_request(Time now);

 private:
  Duration wait(double share);

  const Duration interval_;
  const int rise_;
  const int fall_;
  const double jitter_;
  Rng rng_;
  std::optional<bool> known_;
  int run_ = 0;  // results in a row that speak against `known_`
  Time next_check_;
};

}  // namespace weir::agent
