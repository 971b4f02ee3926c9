#include <charconv>
#include <cmath>
#include <set>

#include "controller/simulate/yaml/scenario_files.h"
#include "controller/simulate/yaml/time_shape.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_regions_most = 64;

WorldMap::Region read_region(ConfigSection& section) {
  WorldMap::Region region;
  region.name = RegionName(section.text("name"));
  region.lat = section.number("lat", {.min = -90, .max = 90, .fallback = 0});
  region.lon = section.number("lon", {.min = -180, .max = 180, .fallback = 0});
  region.servers.endpoints = static_cast<std::uint32_t>(
      section.integer("endpoints", {.min = 0, .max = 2048, .fallback = 0}));
  region.servers.workers = static_cast<std::uint32_t>(
      section.integer("workers", {.min = 1, .max = 10'000, .fallback = 4}));
  region.servers.speed = section.number("speed", {.min = 0.001, .max = 1000, .fallback = 1});
  region.population = section.number("population", {.min = 0, .max = 1e9, .fallback = 1});
  region.egress_per_gb = section.number("egress_per_gb", {.min = 0, .max = 100, .fallback = 0});
  return region;
}

double parse_trip(const std::string& text, ConfigSection& root) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc() && end == text.data() + text.size() && value >= 0.001 &&
      value <= 60'000) {
    return value;
  }
  root.complain("rtt_ms", in_quotes(text) + " must be milliseconds from 0.001 to 60000");
  return 1;
}

void read_trips(ConfigSection& root, WorldMap& map) {
  const std::size_t n = map.regions.size();
  map.rtt_ms = Grid<double>(n, n, 1);
  const auto rows = root.text_lists("rtt_ms", k_regions_most);
  if (rows.size() != n) {
    return root.complain(
        "rtt_ms", "needs a row for each of the " + std::to_string(n) + " regions, in their order");
  }
  for (std::size_t from = 0; from < n; ++from) {
    if (rows[from].size() != n) {
      root.complain("rtt_ms",
                    "row " + std::to_string(from + 1) + " needs " + std::to_string(n) + " values");
      continue;
    }
    for (std::size_t to = 0; to < n; ++to) map.rtt_ms(from, to) = parse_trip(rows[from][to], root);
  }
}

/// `factors` are quantiles, equally far apart from the least to the largest, of trip times over
/// their median; without them a lognormal shape.
void read_jitter(ConfigSection section, Jitter& jitter) {
  jitter.retransmit_ms = read_ms(section, "retransmit", jitter.retransmit_ms);
  if (jitter.retransmit_ms < 1) section.complain("retransmit", "must be at least 1ms");
  if (!section.has("factors")) {
    jitter.shape.cv = section.number("cv", {.min = 0.001, .max = 3, .fallback = jitter.shape.cv});
    jitter.shape.mean = std::sqrt(1 + jitter.shape.cv * jitter.shape.cv);  // the median is 1
    return;
  }
  Distribution& shape = jitter.shape;
  shape.kind = Distribution::Kind::empirical;
  shape.values = section.numbers("factors", {.min = 0.01, .max = 1000});
  if (shape.values.size() < 2) {
    return section.complain("factors", "at least two are needed, from the least to the largest");
  }
  double sum = (shape.values.front() + shape.values.back()) / 2;
  for (std::size_t i = 1; i + 1 < shape.values.size(); ++i) sum += shape.values[i];
  shape.mean = sum / static_cast<double>(shape.values.size() - 1);
}

}  // namespace

Result<WorldMap> read_map(Config& config) {
  ConfigSection root = config.root();
  WorldMap map;
  map.name = root.text("name");
  map.use = read_use(root);
  root.text("source", "");
  bool serves = false;
  std::set<RegionName> names;
  for (ConfigSection& section : root.sections("regions", k_regions_most)) {
    map.regions.push_back(read_region(section));
    serves = serves || map.regions.back().servers.endpoints > 0;
    if (!names.insert(map.regions.back().name).second) {
      section.complain("name", "stands twice; a region has a name of its own");
    }
  }
  if (!serves) root.complain("regions", "at least one region needs endpoints");
  read_trips(root, map);
  read_jitter(root.section("jitter"), map.jitter);
  WEIR_TRY(config.finish());
  return map;
}

}  // namespace weir::controller
