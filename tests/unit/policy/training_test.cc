#include "policy/training.h"

#include <gtest/gtest.h>

#include "controller/catalog/trained_policy.h"
#include "policy/training_case.h"

namespace weir::policy {
namespace {

TrainOptions small(Stage stage) {
  TrainOptions options;
  options.stage = stage;
  options.plan = {
      .seed = 5, .population = 4, .sigma = 0.2, .generations = 2, .cases = 1, .validate_every = 1};
  return options;
}

std::string trained(const TrainOptions& options, const controller::Checkpoint& start = {}) {
  const auto result = train(options, start, [](const auto&, const auto&) { return true; });
  return result ? controller::write_checkpoint(*result) : result.error().message();
}

TEST(TrainingCase, IsASoundScenarioWhateverItsNumber) {
  for (std::uint64_t number = 0; number < 300; ++number) {
    for (const bool validation : {false, true}) {
      const auto scenario = training_case(number, validation);
      const Status sound = controller::check(scenario);
      ASSERT_TRUE(sound) << number << ": " << sound.error().message();
    }
  }
}

controller::Scenario measured_world() {
  controller::Scenario world = training_case(1, false);
  world.name = "measured";
  world.incidents.clear();
  for (auto& demand : world.demand) {
    demand.shapes = {{.kind = controller::DemandShape::Kind::trace,
                      .step_ms = 1000,
                      .values = {1, 0.5, 1.5, 1}}};
  }
  return world;
}

TEST(TrainingCase, IsAMeasuredWorldEveryOtherTime) {
  const std::vector<controller::Scenario> worlds = {measured_world()};
  for (std::uint64_t number = 0; number < 100; ++number) {
    const auto scenario = training_case(number, false, worlds);
    const Status sound = controller::check(scenario);
    ASSERT_TRUE(sound) << number << ": " << sound.error().message();
    EXPECT_EQ(scenario.name == "measured", number % 2 == 0) << number;
    if (number % 2 == 0) EXPECT_EQ(scenario.paths, worlds[0].paths);
  }
  EXPECT_NE(training_case(0, false, worlds).demand[0].rps,
            training_case(2, false, worlds).demand[0].rps);
}

TEST(Training, TakesMeasuredWorlds) {
  TrainOptions options = small(Stage::settings);
  const std::string without = trained(options);
  options.worlds = {measured_world()};
  EXPECT_NE(trained(options), without);
}

TEST(Training, GivesTheSameBytesForAnyNumberOfThreads) {
  TrainOptions options = small(Stage::settings);
  const std::string alone = trained(options);
  options.threads = 3;
  EXPECT_EQ(trained(options), alone);
}

TEST(Training, GoesOnWhereItStopped) {
  const TrainOptions options = small(Stage::weights);
  const std::string whole = trained(options);
  controller::Checkpoint left;
  const auto stopped = train(options, {}, [&](const auto&, const controller::Checkpoint& sofar) {
    left = sofar;
    return false;
  });
  ASSERT_TRUE(stopped);
  ASSERT_TRUE(left.search);
  EXPECT_EQ(trained(options, left), whole);
}

TEST(Training, RefusesToResumeAnotherStage) {
  controller::Checkpoint left;
  (void)train(small(Stage::settings), {}, [&](const auto&, const controller::Checkpoint& sofar) {
    left = sofar;
    return false;
  });
  const auto wrong =
      train(small(Stage::weights), left, [](const auto&, const auto&) { return true; });
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), Code::failed_precondition);
}

TEST(TrainOptions, NameWhatIsWrongWithThem) {
  const auto complaint = [](std::string_view json) {
    const auto options = read_train_options(json);
    return options ? std::string() : options.error().message();
  };
  EXPECT_EQ(complaint(R"({"stage":"weights","population":8,"seed":3})"), "");
  EXPECT_NE(complaint("[]").find("no JSON object"), std::string::npos);
  EXPECT_NE(complaint(R"({"speed":1})").find("\"speed\" is not known"), std::string::npos);
  EXPECT_NE(complaint(R"({"stage":"all"})").find("\"settings\" or"), std::string::npos);
  EXPECT_NE(complaint(R"({"population":7})").find("even"), std::string::npos);
  EXPECT_NE(complaint(R"({"sigma":"big"})").find("number from"), std::string::npos);
}

TEST(TrainedPolicy, IsThePlannerAsLongAsNothingWasTrained) {
  const auto shipped = controller::read_checkpoint(controller::shipped_checkpoint());
  ASSERT_TRUE(shipped) << shipped.error().message();
  const auto back =
      controller::training_of(controller::checkpoint_of({.settings = {}, .weights = {0.5, -0.5}}));
  EXPECT_EQ(back.settings, controller::PlannerSettings{});
  EXPECT_EQ(back.weights, std::vector<double>({0.5, -0.5}));
}

TEST(TrainedPolicy, TakesSettingsOnlyWithinTheirBounds) {
  controller::Checkpoint checkpoint;
  checkpoint.settings = {{"far_s", 1e9}, {"of_tomorrow", 3}};
  EXPECT_EQ(controller::training_of(checkpoint).settings.far_s, 30);
}

}  // namespace
}  // namespace weir::policy
