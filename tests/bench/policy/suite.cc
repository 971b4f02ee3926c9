#include "tests/bench/policy/suite.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "controller/simulate/yaml/scenario_files.h"

namespace weir::bench {
namespace {

using controller::Family;
using controller::Use;
using controller::WorldMap;

std::optional<Use> use_named(const std::string& word) {
  if (word == "training") return Use::training;
  if (word == "validation") return Use::validation;
  if (word == "test") return Use::test;
  return std::nullopt;
}

/// Reads every file of a folder, in order of name, and keeps those that `names` mean.
template <typename T>
Result<std::vector<T>> read_chosen(const std::filesystem::path& folder,
                                   const std::vector<std::string>& names,
                                   Result<T> (*read)(Config&)) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<T> all;
  for (const auto& file : files) {
    WEIR_ASSIGN(config, Config::load(file));
    WEIR_ASSIGN(value, read(config));
    all.push_back(std::move(value));
  }
  std::vector<T> chosen;
  for (const std::string& name : names) {
    const auto use = use_named(name);
    const std::size_t before = chosen.size();
    for (const T& value : all) {
      const bool meant = name == "all" || (use ? value.use == *use : value.name == name);
      if (meant) chosen.push_back(value);
    }
    if (chosen.size() == before) {
      return fail(Code::not_found, folder.string() + " has nothing named " + name);
    }
  }
  return chosen;
}

}  // namespace

Result<std::vector<Cell>> load_suite(const std::string& folder, const SuiteChoice& choice) {
  const std::filesystem::path root(folder);
  WEIR_ASSIGN(families,
              read_chosen<Family>(root / "families", choice.families, controller::read_family));
  WEIR_ASSIGN(maps, read_chosen<WorldMap>(root / "maps", choice.maps, controller::read_map));
  std::vector<Cell> cells;
  for (const Family& family : families) {
    for (const WorldMap& map : maps) {
      for (const double load : choice.loads) {
        Cell cell{.family = family.name, .map = map.name, .load = load, .by_seed = {}};
        for (std::uint64_t seed = 1; seed <= choice.seeds; ++seed) {
          WEIR_ASSIGN(scenario, controller::compose(map, family, load, seed));
          scenario.objective = choice.objective;
          scenario.goal = choice.goal;
          scenario.keep_in_slo = choice.keep;
          cell.by_seed.push_back(std::move(scenario));
        }
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace weir::bench
