#include "controller/learn/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>

namespace weir::controller {
namespace {

/// Cases disagree a little about where the best lies; validation about more.
std::vector<double> losses_of(std::span<const TrainingTask> tasks) {
  std::vector<double> losses;
  for (const TrainingTask& task : tasks) {
    const double luck = 0.1 * std::sin(static_cast<double>(task.case_number));
    double loss = 0.5;
    for (const double x : task.candidate) loss += (x - 0.5 - luck) * (x - 0.5 - luck);
    losses.push_back(loss);
  }
  return losses;
}

bool go_on(const CurvePoint& /*point*/, std::span<const double> /*mean*/) { return true; }

constexpr TrainingPlan k_plan{
    .seed = 3, .population = 8, .sigma = 0.3, .generations = 20, .cases = 4, .validate_every = 5};

TEST(Trainer, ReturnsWhatWasBestInValidation) {
  Trainer trainer(k_plan, {0, 0, 0});
  trainer.run(losses_of, go_on);
  EXPECT_LT(trainer.best_loss(), 0.6);
  for (const double x : trainer.best()) EXPECT_NEAR(x, 0.5, 0.2);
  EXPECT_EQ(trainer.curve().size(), 20U);
}

TEST(Trainer, KeepsTheStartWhenNothingIsBetter) {
  Trainer trainer(k_plan, {0, 0});
  trainer.run(
      [](std::span<const TrainingTask> tasks) {
        std::vector<double> losses;
        for (const TrainingTask& task : tasks) {
          double loss = 1;
          for (const double x : task.candidate) loss += std::abs(x);
          losses.push_back(loss);
        }
        return losses;
      },
      go_on);
  EXPECT_EQ(trainer.best(), std::vector<double>({0, 0}));
  EXPECT_EQ(trainer.best_loss(), 1);
}

TEST(Trainer, StopsWhenToldAndGoesOnAsIfItHadNot) {
  Trainer whole(k_plan, {0, 0, 0});
  whole.run(losses_of, go_on);
  Trainer first(k_plan, {0, 0, 0});
  first.run(losses_of,
            [](const CurvePoint& point, std::span<const double>) { return point.generation < 7; });
  Trainer second(k_plan, first.state(), first.curve(), first.best(), first.best_loss());
  second.run(losses_of, go_on);
  EXPECT_EQ(second.best(), whole.best());
  EXPECT_EQ(second.state(), whole.state());
  EXPECT_EQ(second.curve().size(), whole.curve().size());
}

}  // namespace
}  // namespace weir::controller
