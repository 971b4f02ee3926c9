#include "controller/learn/trainer.h"

#include <cmath>
#include <limits>
#include <utility>

namespace weir::controller {
namespace {

constexpr std::size_t k_validation = 4;  // cases of validation for one of training

}  // namespace

Trainer::Trainer(const TrainingPlan& plan, std::vector<double> start)
    : plan_(plan),
      search_(start, plan.sigma, plan.population, plan.seed),
      best_(std::move(start)) {}

Trainer::Trainer(const TrainingPlan& plan, EvolutionState state, std::vector<CurvePoint> curve,
                 std::vector<double> best, double best_loss)
    : plan_(plan),
      search_(std::move(state), plan.population, plan.seed),
      curve_(std::move(curve)),
      best_(std::move(best)),
      best_loss_(best_loss) {}

void Trainer::run(const LossesOf& losses_of, const Progress& progress) {
  while (search_.state().generation < plan_.generations) {
    CurvePoint point{.loss = generation(losses_of),
                     .validation = std::numeric_limits<double>::quiet_NaN()};
    point.generation = search_.state().generation;
    const bool last = point.generation == plan_.generations;
    const bool due = plan_.validate_every > 0 && point.generation % plan_.validate_every == 0;
    if (last || due) point.validation = validate(losses_of);
    curve_.push_back(point);
    if (!progress(point, search_.mean())) return;
  }
}

double Trainer::generation(const LossesOf& losses_of) {
  const auto candidates = search_.ask();
  std::vector<TrainingTask> tasks;
  for (const auto& candidate : candidates) {
    for (std::size_t i = 0; i < plan_.cases; ++i) {
      tasks.push_back({candidate, search_.state().generation * plan_.cases + i, false});
    }
  }
  const std::vector<double> losses = losses_of(tasks);
  std::vector<double> sums(candidates.size(), 0.0);
  double all = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    sums[i / plan_.cases] += losses[i] / static_cast<double>(plan_.cases);
    all += losses[i] / static_cast<double>(losses.size());
  }
  search_.tell(sums);
  return all;
}

double Trainer::validate(const LossesOf& losses_of) {
  std::vector<TrainingTask> tasks;
  const std::size_t cases = k_validation * plan_.cases;
  for (std::size_t i = 0; i < cases; ++i) tasks.push_back({search_.mean(), i, true});
  double sum = 0;
  for (const double loss : losses_of(tasks)) sum += loss / static_cast<double>(cases);
  if (std::isfinite(sum) && sum < best_loss_) {
    best_loss_ = sum;
    best_ = search_.mean();
  }
  return sum;
}

}  // namespace weir::controller
