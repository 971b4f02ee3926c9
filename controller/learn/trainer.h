#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/learn/checkpoint.h"
#include "controller/learn/evolution.h"

namespace weir::controller {

/// How a training run goes.
struct TrainingPlan {
  std::uint64_t seed = 1;
  std::size_t population = 16;  // even, at least 4
  double sigma = 0.3;           // first step
  std::uint64_t generations = 40;
  std::size_t cases = 6;             // training cases each candidate of a generation runs
  std::uint64_t validate_every = 5;  // generations; 0: only at the end
};

/// What one candidate lost on one case. Cases are numbered; the same number is the same case, seed
/// and all, so that candidates are compared on the same luck.
struct TrainingTask {
  std::span<const double> candidate;
  std::uint64_t case_number = 0;
  bool validation = false;  // from the cases kept apart
};

/// Losses of all tasks, in their order: misses relative to the start's on the same case. Free to
/// work on them in parallel.
using LossesOf = std::function<std::vector<double>(std::span<const TrainingTask>)>;

/// Told after each generation; false: stop here.
using Progress = std::function<bool(const CurvePoint& point, std::span<const double> mean)>;

/// A training run that can stop and go on: pure but for what `LossesOf` does. The best candidate on
/// the validation cases is what training returns, not the last: selection on cases never trained on
/// is what keeps luck out of the result.
class Trainer {
 public:
  /// A fresh run from `start`, the candidate that leaves everything as it is.
  Trainer(const TrainingPlan& plan, std::vector<double> start);
  /// Goes on where a checkpoint's search stood. `best` is what was best so far.
  Trainer(const TrainingPlan& plan, EvolutionState state, std::vector<CurvePoint> curve,
          std::vector<double> best, double best_loss);

  /// Runs until the plan's generations are done or `progress` says stop.
  void run(const LossesOf& losses_of, const Progress& progress);

  const EvolutionState& state() const { return search_.state(); }
  const std::vector<CurvePoint>& curve() const { return curve_; }
  /// The candidate that lost least in validation, and what it lost; the start when none was better.
  const std::vector<double>& best() const { return best_; }
  double best_loss() const { return best_loss_; }

 private:
  double generation(const LossesOf& losses_of);
  double validate(const LossesOf& losses_of);

  const TrainingPlan plan_;
  EvolutionSearch search_;
  std::vector<CurvePoint> curve_;
  std::vector<double> best_;
  double best_loss_ = 1;
};

}  // namespace weir::controller
