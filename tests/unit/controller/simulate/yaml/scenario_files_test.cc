#include "controller/simulate/yaml/scenario_files.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

constexpr const char* k_map = R"(
name: two
use: test
regions:
  - {name: here, lat: 50, lon: -90, endpoints: 4, workers: 2, population: 3}
  - {name: there, lat: 40, lon: 90, endpoints: 8, egress_per_gb: 0.02}
rtt_ms: [[1, 80], [82, 1.5]]
jitter: {cv: 0.1}
)";

constexpr const char* k_family = R"(
name: day
use: test
duration: 90s
service: {time: {shape: lognormal, mean_ms: 20, cv: 0.5}, queue_limit: 30}
demand:
  - {kind: sine, amplitude: 40%, period: 60s, by_longitude: true}
incidents:
  - {kind: brown_out, regions: [largest], share: 0.5, factor: 2, at: 30s, for: 20s}
)";

Result<WorldMap> map_of(std::string_view text) {
  auto config = Config::parse(text, "map");
  if (!config) return std::unexpected(config.error());
  return read_map(*config);
}

Result<Family> family_of(std::string_view text) {
  auto config = Config::parse(text, "family");
  if (!config) return std::unexpected(config.error());
  return read_family(*config);
}

TEST(ScenarioFiles, GiveAScenarioTogether) {
  const auto map = map_of(k_map);
  const auto family = family_of(k_family);
  ASSERT_TRUE(map) << map.error().message();
  ASSERT_TRUE(family) << family.error().message();
  const auto scenario = compose(*map, *family, 0.5, 1);
  ASSERT_TRUE(scenario) << scenario.error().message();
  EXPECT_EQ(scenario->name, "day on two");
  EXPECT_DOUBLE_EQ(capacity_rps(*scenario), (4 * 2 + 8 * 4) * 50.0);
  EXPECT_DOUBLE_EQ(scenario->demand[0].rps, 750);
  EXPECT_DOUBLE_EQ(scenario->demand[1].rps, 250);
  EXPECT_EQ(scenario->demand[0].shapes[0].phase_ms, 15'000);
  EXPECT_EQ(scenario->demand[1].shapes[0].phase_ms, 45'000);
  EXPECT_EQ(scenario->paths(1, 0).rtt_ms, 82);
  EXPECT_EQ(scenario->paths(0, 1).cost_per_gb, 0.02);  // the answer leaves `there`
  EXPECT_EQ(scenario->paths(1, 0).cost_per_gb, 0);
  EXPECT_EQ(scenario->incidents[0].regions, std::vector<std::uint32_t>{1});
  EXPECT_EQ(scenario->incidents[0].at_ms, 30'000);
}

TEST(ScenarioFiles, SetObjectivesFromTheServiceAndTheNearestNeighbour) {
  const auto scenario = compose(*map_of(k_map), *family_of(k_family), 0.5, 1);
  const double alone = Sampler(scenario->model.time).quantile(0.99);
  EXPECT_NEAR(scenario->objectives_ms[0], alone + 0.5 * 82, 0.5);
  EXPECT_NEAR(scenario->objectives_ms[1], alone + 1.2 * 82, 0.5);
  EXPECT_NEAR(scenario->objectives_ms[2], alone + 3.0 * 82, 0.5);
}

TEST(ScenarioFiles, DrawTheRandomRegionsBySeed) {
  auto family = family_of(k_family);
  family->events[0].regions = {Pick::random};
  std::array<int, 2> drawn{};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto scenario = compose(*map_of(k_map), *family, 0.5, seed);
    ++drawn[scenario->incidents[0].regions[0]];
    EXPECT_EQ(scenario->incidents[0].regions,
              compose(*map_of(k_map), *family, 0.5, seed)->incidents[0].regions);
  }
  EXPECT_GT(drawn[0], 25);
  EXPECT_GT(drawn[1], 25);
}

struct BrokenCase {
  const char* name;
  const char* text;
  const char* complaint;
};

class BrokenFamily : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenFamily, IsExplainedWithItsLine) {
  const auto family = family_of(GetParam().text);
  ASSERT_FALSE(family.has_value());
  EXPECT_EQ(family.error().code(), Code::invalid_argument);
  EXPECT_NE(family.error().message().find(GetParam().complaint), std::string::npos)
      << family.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenFamily,
    testing::Values(
        BrokenCase{"NoName", "use: test\n", "family:1: name: is required"},
        BrokenCase{"UnknownField", "name: a\nuse: test\ndurration: 5s\n",
                   "family:3: durration: unknown field; did you mean duration?"},
        BrokenCase{"UnknownUse", "name: a\nuse: play\n", "must be one of training"},
        BrokenCase{"UnknownShape", "name: a\nuse: test\nservice: {time: {shape: square}}\n",
                   "must be one of constant"},
        BrokenCase{"TailWithoutMean",
                   "name: a\nuse: test\nservice: {time: {shape: pareto, tail: 1}}\n",
                   "must be a number from 1.06 to 100"},
        BrokenCase{"FieldOfAnotherShape",
                   "name: a\nuse: test\nservice: {time: {shape: constant, cv: 1}}\n",
                   "service.time.cv: unknown field"},
        BrokenCase{"FieldOfAnotherIncident",
                   "name: a\nuse: test\nincidents:\n"
                   "  - {kind: missing, regions: [all], factor: 2}\n",
                   "family:4: incidents[0].factor: unknown field"},
        BrokenCase{"NoRegions", "name: a\nuse: test\nincidents:\n  - {kind: crash}\n",
                   "family:4: incidents[0].regions: at least one is needed"},
        BrokenCase{"UnknownPick",
                   "name: a\nuse: test\nincidents:\n  - {kind: crash, regions: [mars]}\n",
                   "\"mars\" must be one of all, largest"},
        BrokenCase{"FactorMissing",
                   "name: a\nuse: test\nincidents:\n  - {kind: hardware, regions: [all]}\n",
                   "incidents[0].factor: is required"},
        BrokenCase{"PointsRunBack",
                   "name: a\nuse: test\ndemand:\n  - kind: piecewise\n    points:\n"
                   "      - {at: 5s, factor: 1}\n      - {at: 4s, factor: 1}\n",
                   "their times must not fall"},
        BrokenCase{"TooBursty",
                   "name: a\nuse: test\narrivals: {kind: mmpp, burst: 4, burst_share: 0.5}\n",
                   "times burst_share must not be above 1"},
        BrokenCase{"WarmUpTooLong", "name: a\nuse: test\nduration: 10s\nwarm_up: 20s\n",
                   "warm_up: is longer than the duration"}),
    [](const auto& row) { return row.param.name; });

class BrokenMap : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenMap, IsExplainedWithItsLine) {
  const auto map = map_of(GetParam().text);
  ASSERT_FALSE(map.has_value());
  EXPECT_NE(map.error().message().find(GetParam().complaint), std::string::npos)
      << map.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenMap,
    testing::Values(
        BrokenCase{"NobodyServes", "name: a\nuse: test\nregions: [{name: x}]\nrtt_ms: [[1]]\n",
                   "at least one region needs endpoints"},
        BrokenCase{"RowMissing",
                   "name: a\nuse: test\nregions: [{name: x, endpoints: 1}, {name: y}]\n"
                   "rtt_ms: [[1, 2]]\n",
                   "map:4: rtt_ms: needs a row for each of the 2 regions"},
        BrokenCase{"RowTooShort",
                   "name: a\nuse: test\nregions: [{name: x, endpoints: 1}, {name: y}]\n"
                   "rtt_ms: [[1, 2], [1]]\n",
                   "row 2 needs 2 values"},
        BrokenCase{"NoTrip",
                   "name: a\nuse: test\nregions: [{name: x, endpoints: 1}]\nrtt_ms: [[nan]]\n",
                   "\"nan\" must be milliseconds"},
        BrokenCase{"SameName",
                   "name: a\nuse: test\nregions: [{name: x, endpoints: 1}, {name: x}]\n"
                   "rtt_ms: [[1, 2], [1, 2]]\n",
                   "stands twice"},
        BrokenCase{"OneFactor",
                   "name: a\nuse: test\nregions: [{name: x, endpoints: 1}]\nrtt_ms: [[1]]\n"
                   "jitter: {factors: [1]}\n",
                   "at least two are needed"}),
    [](const auto& row) { return row.param.name; });

TEST(ScenarioFiles, ComplainOfEverythingAtOnce) {
  const auto family = family_of("name: a\nuse: x\nduration: 5\nload_scale: many\n");
  ASSERT_FALSE(family.has_value());
  const std::string& message = family.error().message();
  EXPECT_EQ(std::ranges::count(message, '\n'), 2) << message;
}

}  // namespace
}  // namespace weir::controller
