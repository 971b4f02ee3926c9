// A family's file, whatever it holds: refused with complaints, or a scenario on a small map that
// either does not fit together or runs, counting every request once.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "controller/simulate/simulation.h"
#include "controller/simulate/yaml/scenario_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  using namespace weir::controller;
  if (size > 8192) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto config = Config::parse(text, "f")) {
    if (const auto map = read_map(*config)) {
      if (map->rtt_ms.rows() != map->regions.size()) abort();
    }
  }
  auto config = Config::parse(text, "f");
  if (!config) return 0;
  const auto family = read_family(*config);
  if (!family) return 0;
  WorldMap map;
  map.name = "small";
  map.regions = {{.name = RegionName("a"), .servers = {.endpoints = 2, .workers = 1}},
                 {.name = RegionName("b"), .servers = {.endpoints = 1, .workers = 2}}};
  map.rtt_ms = Grid<double>(2, 2, 5);
  auto scenario = compose(map, *family, 0.5, 1);
  if (!scenario) return 0;
  scenario->duration_ms = std::min(scenario->duration_ms, 5 * scenario->interval_ms);
  scenario->duration_ms = std::min(scenario->duration_ms, 2000.0);
  scenario->warm_up_ms = 0;
  for (SourceDemand& demand : scenario->demand) demand.rps = std::min(demand.rps, 100.0);
  if (!check(*scenario)) return 0;
  Simulation simulation(*scenario, 1);
  while (simulation.advance()) continue;
  const Counts total = simulation.finish().total;
  if (total.offered != total.ok + total.errors + total.timeouts + total.shed) abort();
  return 0;
}
