#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/policy/contestant.h"
#include "tests/bench/policy/suite.h"

namespace weir::bench {

/// What is kept of one run.
struct RunRecord {
  std::array<double, controller::k_objectives> in_objective{};  // share of the offered requests
  double ok = 0;
  double errors = 0;  // shares of the offered requests, as the next two
  double timeouts = 0;
  double shed = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double mean_ms = 0;
  double remote = 0;         // share that ended away from where it began
  double cost_per_hour = 0;  // of the bytes between regions
  double churn = 0;
  double guarded = 0;
  /// Seconds from the first incident to the first of three seconds in a row within a point of the
  /// mean before it; NaN without an incident, infinite when that never came.
  double recovery_s = 0;
  /// The same, within a point of the mean over the last quarter of the run: how long it took to
  /// learn what is possible now.
  double settled_s = 0;
  std::uint64_t trace = 0;
};

/// Whether anything departs from the ordinary after the warm-up.
bool has_incident(const controller::Scenario& scenario);

RunRecord record_of(const controller::SimulationResult& result,
                    const controller::Scenario& scenario);

struct ContestOptions {
  unsigned threads = 1;
  std::uint64_t static_seeds = 2;  // runs per question of the search for the best fixed weights
  int static_evaluations = 40;
  std::function<void(std::size_t done, std::size_t all)> progress;  // called under a lock
};

/// Records by contestant, cell, seed - 1.
using Records = std::vector<std::vector<std::vector<RunRecord>>>;

/// Every contestant through every scenario under every seed, on several threads; each run is
/// independent, so the records do not depend on their number. Errors: of the first run that had
/// one.
Result<Records> run_contest(const std::vector<Contestant>& contestants,
                            const std::vector<Cell>& cells, const ContestOptions& options);

}  // namespace weir::bench
