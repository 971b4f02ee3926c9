#pragma once

#include <string>
#include <vector>

#include "tests/bench/policy/contest.h"

namespace weir::bench {

/// What a contest was and what came of it.
struct Contest {
  std::vector<Contestant> contestants;
  std::vector<Cell> cells;
  std::size_t objective = 1;
  Records records;

  double in_objective(std::size_t contestant, std::size_t cell, std::size_t seed) const {
    return records[contestant][cell][seed].in_objective[objective];
  }
};

/// One table per family and map: policies by loads, percent within the objective.
void print_scenarios(const Contest& contest);
/// One row per policy over the whole suite, the best first.
void print_summary(const Contest& contest);
/// How `ours` does against each other one: ratios, misses, the worst scenario.
void print_against(const Contest& contest, const std::string& ours);

/// Every run and every scenario's objectives, for plots and for other programs.
Status write_json(const Contest& contest, const std::string& file);

/// Adds the policies of an earlier run that `write_json` kept: its scenarios and seeds must be the
/// same. One that takes part already is left as it is. Errors: not_found, invalid_argument.
Status add_earlier(Contest& contest, const std::string& file);

}  // namespace weir::bench
