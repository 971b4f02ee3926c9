#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "controller/simulate/compose.h"

namespace weir::bench {

/// What a bench runs over: families of scenarios x maps x loads x seeds.
struct SuiteChoice {
  std::vector<std::string> families;  // names, or training, validation, test, all
  std::vector<std::string> maps;      // likewise
  std::vector<double> loads;
  std::uint64_t seeds = 10;   // 1 to this many, the same for every policy
  std::size_t objective = 1;  // what the service is steered for: 0 tight, 1 middle, 2 wide
  Goal goal = Goal::goodput;  // of the policies that have goals
  double keep = 0.99;         // share within the objective the cost goal keeps
};

/// One scenario, to be run under every seed by every policy.
struct Cell {
  std::string family;
  std::string map;
  double load = 0;
  std::vector<controller::Scenario> by_seed;  // seed - 1
};

/// Loads the files under `folder` (maps/, families/) and composes every scenario.
/// Errors: not_found (no such name), invalid_argument (a file, or a scenario that cannot be).
Result<std::vector<Cell>> load_suite(const std::string& folder, const SuiteChoice& choice);

}  // namespace weir::bench
