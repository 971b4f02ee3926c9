#pragma once

#include "tests/bench/policy/contest.h"

namespace weir::bench {

struct TuneOptions {
  int evaluations = 50;  // the standard settings are the first
  unsigned threads = 1;
};

struct TuneResult {
  std::map<std::string, double> settings;
  double standard = 0;  // mean share within the objective over the cells, with standard settings
  double best = 0;
};

/// Random search over a policy's tunables: the same number of draws for everybody, each judged by
/// the mean share within the objective over all cells and seeds. A policy without tunables is
/// measured once. Errors: as a run.
Result<TuneResult> tune(const Contestant& contestant, const std::vector<Cell>& cells,
                        const TuneOptions& options);

}  // namespace weir::bench
