#include "controller/simulate/world/fitted_world.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "controller/simulate/simulation.h"
#include "tests/unit/controller/whatif/recorded_world.h"

namespace weir::controller {
namespace {

std::string line_of(const admin::v1::World& world) {
  std::string line;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(world, &line).ok());
  return line;
}

/// As the controller fits one.
Scenario fitted() {
  const Scenario truth = known_world(0.5);
  const auto seen = recording_of(truth, 3);
  auto model = fit(told_of(truth), {}, seen, never);
  EXPECT_TRUE(model) << model.error().message();
  follow_recording(seen, model->scenario);
  return model->scenario;
}

TEST(FittedWorld, ComesBackFromItsLineAsTheSameSimulation) {
  const Scenario world = fitted();
  const auto read = read_worlds(line_of(to_world(world)) + "\n\n" + line_of(to_world(world)));
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->size(), 2U);
  Scenario before = world;
  Scenario after = read->front();
  EXPECT_EQ(after.demand, before.demand);
  EXPECT_EQ(after.paths, before.paths);
  EXPECT_EQ(after.servers, before.servers);
  EXPECT_EQ(after.model.time.values, before.model.time.values);
  EXPECT_FALSE(known(after.max_cost_per_hour));
  for (Scenario* one : {&before, &after}) one->duration_ms = 30'000;
  after.health = before.health;
  Nearest nearest(3);
  Nearest again(3);
  EXPECT_EQ(run(before, 5, nearest).trace, run(after, 5, again).trace);
}

TEST(FittedWorld, IsRefusedWithWordsWhereItCannotBe) {
  using Spoil = std::function<void(admin::v1::World&)>;
  const std::pair<const char*, Spoil> rows[] = {
      {"its version is not 1", [](auto& w) { w.set_version(2); }},
      {"no regions", [](auto& w) { w.clear_regions(); }},
      {"another size", [](auto& w) { w.add_rtt_ms(1); }},
      {"another size", [](auto& w) { w.mutable_allowed()->RemoveLast(); }},
      {"one for each region", [](auto& w) { w.add_servers(); }},
      {"time_ms", [](auto& w) { w.clear_time_ms(); }},
      {"service.time", [](auto& w) { w.set_time_mean_ms(0); }},
      {"goal", [](auto& w) { w.set_goal("fame"); }},
      {"paths.rtt", [](auto& w) { w.set_rtt_ms(1, std::numeric_limits<double>::quiet_NaN()); }},
      {"40000 requests", [](auto& w) { w.mutable_demand(0)->set_rps(1e5); }},
      {"40000 requests",
       [](auto& w) { w.mutable_demand(0)->set_rps(std::numeric_limits<double>::quiet_NaN()); }},
      {"servers.workers", [](auto& w) { w.mutable_servers(0)->set_workers(0); }},
      {"endpoints", [](auto& w) { w.mutable_servers(0)->set_endpoints(4'000'000'000U); }},
      {"shapes", [](auto& w) { w.mutable_demand(0)->set_factors(0, -1); }},
      {"guards.min_share", [](auto& w) { w.set_min_share(2); }},
      {"allowed", [](auto& w) {
         w.mutable_allowed()->Set(0, 0), w.mutable_allowed()->Set(1, 0),
             w.mutable_allowed()->Set(2, 0);
       }}};
  const admin::v1::World sound = to_world(fitted());
  ASSERT_TRUE(from_world(sound));
  for (const auto& [words, spoil] : rows) {
    admin::v1::World world = sound;
    spoil(world);
    const auto read = from_world(world);
    ASSERT_FALSE(read) << words;
    EXPECT_NE(read.error().message().find(words), std::string::npos) << read.error().message();
  }
  EXPECT_EQ(read_worlds("\n").error().message(), "there is no world in it");
  EXPECT_EQ(read_worlds(line_of(sound) + "\n{]").error().message(), "line 2 is no world in JSON");
}

}  // namespace
}  // namespace weir::controller
