#include "controller/simulate/compose.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

constexpr std::array<double, k_objectives> k_slack = {0.5, 1.2, 3};

/// Turns picks into the numbers of one map's regions.
class Picker {
 public:
  Picker(const WorldMap& map, std::uint64_t seed) : map_(map) {
    for (std::uint32_t i = 0; i < map.regions.size(); ++i) {
      if (map.regions[i].servers.endpoints > 0) serving_.push_back(i);
    }
    const auto strength = [&map](std::uint32_t i) {
      const Servers& servers = map.regions[i].servers;
      return servers.endpoints * servers.workers * servers.speed;
    };
    by_strength_ = serving_;
    std::ranges::sort(by_strength_, [&strength](std::uint32_t a, std::uint32_t b) {
      const double more = strength(a) - strength(b);
      return more != 0 ? more > 0 : a < b;
    });
    Rng rng(seed ^ 0x9a7ed70d);
    for (std::size_t i = serving_.size(); i > 1; --i) {
      std::swap(serving_[i - 1], serving_[rng.below(i)]);
    }
  }

  std::vector<std::uint32_t> regions(const std::vector<Pick>& picks) const {
    std::vector<std::uint32_t> found;
    for (const Pick pick : picks) {
      if (pick == Pick::all) {
        for (std::uint32_t i = 0; i < map_.regions.size(); ++i) found.push_back(i);
      } else if (const auto one = region(pick)) {
        found.push_back(*one);
      }
    }
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
  }

 private:
  std::optional<std::uint32_t> region(Pick pick) const {
    if (serving_.empty()) return std::nullopt;
    switch (pick) {
      case Pick::all:
        return std::nullopt;
      case Pick::largest:
        return by_strength_.front();
      case Pick::second:
        return by_strength_[std::min<std::size_t>(1, by_strength_.size() - 1)];
      case Pick::smallest:
        return by_strength_.back();
      case Pick::busiest: {
        const auto most = std::ranges::max_element(map_.regions, {}, &WorldMap::Region::population);
        return static_cast<std::uint32_t>(most - map_.regions.begin());
      }
      case Pick::random:
        return serving_.front();
      case Pick::another:
        return serving_[std::min<std::size_t>(1, serving_.size() - 1)];
    }
    return std::nullopt;
  }

  const WorldMap& map_;
  std::vector<std::uint32_t> serving_;  // in random order
  std::vector<std::uint32_t> by_strength_;
};

/// Of the median region, to the nearest other one that serves; its own trip where there is none.
double nearest_rtt_ms(const WorldMap& map) {
  std::vector<double> nearest;
  for (std::size_t from = 0; from < map.regions.size(); ++from) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t to = 0; to < map.regions.size(); ++to) {
      if (to == from || map.regions[to].servers.endpoints == 0) continue;
      least = std::min(least, map.rtt_ms(from, to));
    }
    nearest.push_back(std::isfinite(least) ? least : map.rtt_ms(from, from));
  }
  const auto middle = nearest.begin() + static_cast<std::ptrdiff_t>(nearest.size() / 2);
  std::ranges::nth_element(nearest, middle);
  return *middle;
}

void lay_out(const WorldMap& map, const Family& family, Scenario& scenario) {
  const std::size_t n = map.regions.size();
  scenario.regions.clear();
  scenario.servers.clear();
  scenario.jitter = map.jitter;
  scenario.paths = Grid<PathSpec>(n, n);
  for (std::size_t to = 0; to < n; ++to) {
    const WorldMap::Region& region = map.regions[to];
    scenario.regions.push_back(region.name);
    Servers& servers = scenario.servers.emplace_back(region.servers);
    const double real =
        servers.endpoints * servers.workers * servers.speed * 1000 / scenario.model.time.mean;
    servers.declared_rps = family.declared_scale > 0 ? family.declared_scale * real : k_unknown;
    for (std::size_t from = 0; from < n; ++from) {
      PathSpec& path = scenario.paths(from, to);
      path.rtt_ms = map.rtt_ms(from, to);
      path.cost_per_gb = from == to ? 0 : region.egress_per_gb;
    }
  }
}

void spread_demand(const WorldMap& map, const Family& family, double load, const Picker& picker,
                   Scenario& scenario) {
  double people = 0;
  for (const auto& region : map.regions) people += region.population;
  const double total = load * family.load_scale * capacity_rps(scenario);
  scenario.demand.clear();
  for (const auto& region : map.regions) {
    scenario.demand.push_back({.rps = people > 0 ? total * region.population / people : 0});
  }
  for (const Family::Shape& shape : family.shapes) {
    const std::vector<Pick> everywhere = {Pick::all};
    for (const auto i : picker.regions(shape.sources.empty() ? everywhere : shape.sources)) {
      DemandShape& added = scenario.demand[i].shapes.emplace_back(shape.shape);
      if (!shape.by_longitude) continue;
      const bool trace = added.kind == DemandShape::Kind::trace;
      const double day =
          trace ? added.step_ms * static_cast<double>(added.values.size()) : added.period_ms;
      added.phase_ms += day * (map.regions[i].lon + 180) / 360;
    }
  }
}

}  // namespace

Result<Scenario> compose(const WorldMap& map, const Family& family, double load,
                         std::uint64_t seed) {
  const std::size_t n = map.regions.size();
  if (map.rtt_ms.rows() != n || map.rtt_ms.columns() != n || n == 0) {
    return fail(Code::invalid_argument,
                "map " + map.name + " needs at least one region and a trip time for each pair");
  }
  if (!complaint(family.base.model.time).empty()) {
    return fail(Code::invalid_argument,
                "family " + family.name + ": " + complaint(family.base.model.time));
  }
  Scenario scenario = family.base;
  scenario.name = family.name + " on " + map.name;
  const Picker picker(map, seed);
  lay_out(map, family, scenario);
  spread_demand(map, family, load, picker, scenario);
  for (const Family::Event& event : family.events) {
    Incident& incident = scenario.incidents.emplace_back(event.incident);
    incident.regions = picker.regions(event.regions);
    incident.peers = picker.regions(event.peers);
  }
  const double alone = Sampler(scenario.model.time).quantile(0.99);
  const double rtt = nearest_rtt_ms(map);
  for (std::size_t i = 0; i < k_objectives; ++i) {
    scenario.objectives_ms[i] = std::round(alone + k_slack[i] * rtt);
  }
  WEIR_TRY(check(scenario));
  return scenario;
}

}  // namespace weir::controller
