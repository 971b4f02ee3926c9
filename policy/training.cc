#include "policy/training.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <thread>
#include <utility>

#include "controller/catalog/trained_policy.h"
#include "controller/simulate/simulation.h"
#include "policy/training_case.h"

namespace weir::policy {
namespace {

using controller::Checkpoint;
using controller::CorrectionNet;
using controller::CurvePoint;
using controller::PlannerTraining;
using controller::TrainingTask;

constexpr double k_least_misses = 0.005;  // fewer are luck
constexpr double k_worst_loss = 5;
constexpr double k_head_scale = 0.3;  // of a weight, per unit of a candidate
constexpr std::uint64_t k_body_seed = 20'251'125;

struct Field {
  const char* name;
  double low;
  double high;
  void (*set)(TrainOptions& options, double value);
};

std::uint64_t whole(double value) { return static_cast<std::uint64_t>(value); }

constexpr auto k_fields = std::to_array<Field>({
    {"seed", 0, 1e15, [](TrainOptions& o, double v) { o.plan.seed = whole(v); }},
    {"population", 4, 1000, [](TrainOptions& o, double v) { o.plan.population = whole(v); }},
    {"sigma", 1e-3, 10, [](TrainOptions& o, double v) { o.plan.sigma = v; }},
    {"generations", 1, 1e5, [](TrainOptions& o, double v) { o.plan.generations = whole(v); }},
    {"cases", 1, 1000, [](TrainOptions& o, double v) { o.plan.cases = whole(v); }},
    {"validate_every", 0, 1e5, [](TrainOptions& o, double v) { o.plan.validate_every = whole(v); }},
    {"threads", 1, 256, [](TrainOptions& o, double v) { o.threads = static_cast<unsigned>(v); }},
});

std::unexpected<Error> complain(std::string_view field, std::string_view rule) {
  return fail(Code::invalid_argument,
              "training field \"" + std::string(field) + "\" " + std::string(rule));
}

/// What a candidate of the stage stands for.
PlannerTraining training_with(Stage stage, const PlannerTraining& base,
                              std::span<const double> candidate) {
  PlannerTraining training = base;
  if (stage == Stage::settings) {
    training.settings = controller::moved_settings(base.settings, candidate);
    return training;
  }
  // The body stays as drawn: its features are many enough, and few numbers are found sooner.
  for (std::size_t i = 0; i < CorrectionNet::k_heads; ++i) {
    training.weights[CorrectionNet::k_body + i] += k_head_scale * candidate[i];
  }
  return training;
}

/// Runs the tasks on some threads; each writes its own result, so the order does not matter.
class Workers {
 public:
  /// `options` outlive it.
  Workers(const TrainOptions& options, PlannerTraining base)
      : options_(options), base_(std::move(base)) {}

  std::vector<double> losses(std::span<const TrainingTask> tasks) {
    measure_bases(tasks);
    std::vector<double> losses(tasks.size());
    each(tasks.size(), [&](std::size_t i) {
      const TrainingTask& task = tasks[i];
      const double base = bases_.at({task.case_number, task.validation});
      losses[i] = case_loss(training_with(options_.stage, base_, task.candidate), task, base,
                            options_.worlds);
    });
    return losses;
  }

 private:
  using Case = std::pair<std::uint64_t, bool>;

  void measure_bases(std::span<const TrainingTask> tasks) {
    std::vector<Case> missing;
    for (const TrainingTask& task : tasks) {
      const Case one{task.case_number, task.validation};
      if (bases_.contains(one)) continue;
      bases_[one] = 0;
      missing.push_back(one);
    }
    std::vector<double> misses(missing.size());
    each(missing.size(), [&](std::size_t i) {
      misses[i] = case_misses(base_, missing[i].first, missing[i].second, options_.worlds);
    });
    for (std::size_t i = 0; i < missing.size(); ++i) bases_[missing[i]] = misses[i];
  }

  template <typename Work>
  void each(std::size_t count, Work work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < options_.threads; ++t) {
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
      });
    }
  }

  const TrainOptions& options_;
  const PlannerTraining base_;
  std::map<Case, double> bases_;
};

Checkpoint packed(const PlannerTraining& training, const TrainOptions& options,
                  const std::vector<CurvePoint>& curve) {
  Checkpoint checkpoint = controller::checkpoint_of(training);
  checkpoint.recipe = options.recipe;
  checkpoint.seed = options.plan.seed;
  checkpoint.curve = curve;
  return checkpoint;
}

}  // namespace

Result<TrainOptions> read_train_options(std::string_view json) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(json, error);
  if (error || !parsed.is_object()) {
    return fail(Code::invalid_argument, "training options are no JSON object");
  }
  TrainOptions options;
  for (const auto& [key, value] : parsed.get_object()) {
    if (key == "stage") {
      if (value != "settings" && value != "weights") {
        return complain(key, "is \"settings\" or \"weights\"");
      }
      options.stage = value == "weights" ? Stage::weights : Stage::settings;
      continue;
    }
    const auto field = std::ranges::find(k_fields, key, &Field::name);
    if (field == k_fields.end()) return complain(key, "is not known");
    boost::json::error_code no_number;
    const double number = value.to_number<double>(no_number);
    if (no_number || !(number >= field->low && number <= field->high)) {
      return complain(key, "is a number from " + std::to_string(field->low) + " to " +
                               std::to_string(field->high));
    }
    field->set(options, number);
  }
  if (options.plan.population % 2 != 0) return complain("population", "is even");
  return options;
}

double case_misses(const PlannerTraining& training, std::uint64_t number, bool validation,
                   std::span<const controller::Scenario> worlds) {
  const controller::Scenario scenario = training_case(number, validation, worlds);
  controller::PlannerPolicy policy("learned", controller::setting_of(scenario), training);
  const auto result = controller::run(scenario, number, policy);
  return 1 - result.total.share_in(scenario.objective);
}

double case_loss(const PlannerTraining& training, const TrainingTask& task, double base_misses,
                 std::span<const controller::Scenario> worlds) {
  const double misses = case_misses(training, task.case_number, task.validation, worlds);
  return std::min((misses + k_least_misses) / (base_misses + k_least_misses), k_worst_loss);
}

Result<Checkpoint> train(const TrainOptions& options, const Checkpoint& start,
                         const TrainProgress& progress) {
  PlannerTraining base = controller::training_of(start);
  if (options.stage == Stage::weights && base.weights.size() != CorrectionNet::k_weights) {
    base.weights = CorrectionNet::initial_weights(k_body_seed);
  }
  const std::size_t size =
      options.stage == Stage::weights ? CorrectionNet::k_heads : controller::planner_knobs().size();
  const bool resumed = start.search.has_value();
  if (resumed && start.search->mean.size() != size) {
    return fail(Code::failed_precondition, "the checkpoint's search has " +
                                               std::to_string(start.search->mean.size()) +
                                               " dimensions, this stage " + std::to_string(size) +
                                               "; resume with the stage it was made with");
  }
  Workers workers(options, base);
  controller::Trainer trainer =
      resumed
          ? controller::Trainer(options.plan, *start.search, start.curve,
                                start.best.empty() ? std::vector<double>(size, 0.0) : start.best,
                                start.best_loss)
          : controller::Trainer(options.plan, std::vector<double>(size, 0.0));
  const auto losses_of = [&](std::span<const TrainingTask> tasks) { return workers.losses(tasks); };
  trainer.run(losses_of, [&](const CurvePoint& point, std::span<const double>) {
    // The base is kept, not the best so far: candidates are moves away from it.
    Checkpoint sofar = packed(base, options, trainer.curve());
    sofar.search = trainer.state();
    sofar.best = trainer.best();
    sofar.best_loss = trainer.best_loss();
    return progress(point, sofar);
  });
  return packed(training_with(options.stage, base, trainer.best()), options, trainer.curve());
}

}  // namespace weir::policy
