#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "controller/learn/evolution.h"

namespace weir::controller {

/// One generation of a training run; losses are relative to the untrained policy, 1: as many
/// misses.
struct CurvePoint {
  std::uint64_t generation = 0;
  double loss = 0;        // of the population's mean, on this generation's cases
  double validation = 0;  // of what would be shipped, on cases never trained on; NaN: not measured
};

/// What training found, and, while it goes on, where it stands.
struct Checkpoint {
  std::string recipe;  // the command that made it; one line, for people
  std::uint64_t seed = 0;
  std::vector<std::pair<std::string, double>>
      settings;                 // by name; unknown names are for newer code
  std::vector<double> weights;  // of the correction; empty: none
  std::optional<EvolutionState> search;
  std::vector<double> best = {};  // of the search so far, as a candidate; empty: the start
  double best_loss = 1;
  std::vector<CurvePoint> curve;
};

/// Lines of text with a digest (FNV-1a, 64 bits) at the end: the same checkpoint gives the same
/// bytes, every number is read back exactly.
///
///   weir-checkpoint 1
///   recipe weir-policy train --config full.yaml
///   seed 7
///   settings 2
///   far_s 3.5
///   near_s 0.61
///   weights 3
///   0.25 -0.5 1
///   curve 1
///   12 0.83 0.85
///   digest 0f1e2d3c4b5a6978
std::string write_checkpoint(const Checkpoint& checkpoint);

/// Reads what `write_checkpoint` wrote, from anybody: every count has a limit, every number is
/// finite, nothing may be missing or left over. Errors: invalid_argument (names the line and the
/// rule), data_loss (the digest does not fit), unimplemented (a version from the future).
Result<Checkpoint> read_checkpoint(std::string_view text);

}  // namespace weir::controller
