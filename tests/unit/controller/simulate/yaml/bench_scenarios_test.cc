// The families and maps that ship with the benches: each can be read, put together and run.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "controller/simulate/simulation.h"
#include "controller/simulate/yaml/scenario_files.h"

namespace weir::controller {
namespace {

const std::filesystem::path k_root = WEIR_SCENARIOS;

template <typename T>
std::map<std::string, T> read_all(const char* folder, Result<T> (*read)(Config&)) {
  std::map<std::string, T> all;
  for (const auto& entry : std::filesystem::directory_iterator(k_root / folder)) {
    auto config = Config::load(entry.path());
    if (!config) {
      ADD_FAILURE() << config.error().message();
      continue;
    }
    auto value = read(*config);
    if (!value) {
      ADD_FAILURE() << value.error().message();
      continue;
    }
    EXPECT_EQ(value->name + ".yaml", entry.path().filename().string());
    all.emplace(value->name, std::move(*value));
  }
  return all;
}

template <typename T>
std::size_t count(const std::map<std::string, T>& all, Use use) {
  std::size_t found = 0;
  for (const auto& [name, value] : all) found += value.use == use ? 1 : 0;
  return found;
}

TEST(BenchScenarios, AreEnoughForEachUse) {
  const auto maps = read_all("maps", read_map);
  const auto families = read_all("families", read_family);
  EXPECT_GE(count(families, Use::training), 8U);
  EXPECT_GE(count(families, Use::validation), 3U);
  EXPECT_GE(count(families, Use::test), 14U);
  EXPECT_GE(count(maps, Use::training), 3U);
  EXPECT_GE(count(maps, Use::validation), 2U);
  EXPECT_GE(count(maps, Use::test), 3U);
}

TEST(BenchScenarios, KeepTheRegionsOfTheTestOutOfTraining) {
  std::map<RegionName, std::set<Use>> uses;
  for (const auto& [name, map] : read_all("maps", read_map)) {
    for (const auto& region : map.regions) uses[region.name].insert(map.use);
  }
  for (const auto& [region, found] : uses) EXPECT_EQ(found.size(), 1U) << region;
}

TEST(BenchScenarios, RunOnEveryMapOfTheirUse) {
  const auto maps = read_all("maps", read_map);
  for (auto& [family_name, family] : read_all("families", read_family)) {
    for (const auto& [map_name, map] : maps) {
      if (map.use != family.use) continue;
      auto scenario = compose(map, family, 0.6, 1);
      ASSERT_TRUE(scenario) << scenario.error().message();
      EXPECT_LT(scenario->objectives_ms[0], scenario->objectives_ms[1]);
      EXPECT_LT(scenario->objectives_ms[1], scenario->objectives_ms[2]);
      scenario->duration_ms = 3000;
      scenario->warm_up_ms = 1000;
      for (Incident& incident : scenario->incidents) incident.at_ms = 1500;
      Simulation simulation(*scenario, 1);
      while (simulation.advance()) continue;
      const SimulationResult result = simulation.finish();
      EXPECT_GT(result.total.ok, 100U) << scenario->name;
      EXPECT_EQ(result.total.offered,
                result.total.ok + result.total.errors + result.total.timeouts + result.total.shed);
    }
  }
}

}  // namespace
}  // namespace weir::controller
