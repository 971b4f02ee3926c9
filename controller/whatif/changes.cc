#include "controller/whatif/changes.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace weir::controller {
namespace {

class Applier {
 public:
  Applier(double at_ms, const Scenario& scenario) : at_ms_(at_ms), scenario_(scenario) {}

  Status fail_regions(const std::vector<RegionName>& failed) {
    for (const RegionName& one : failed) {
      WEIR_ASSIGN(region, find(one));
      if (scenario_.servers[region].endpoints == 0) {
        return fail(Code::invalid_argument, "nothing of " + scenario_.model.service.value() +
                                                " is served in " + in_quotes(one.value()) +
                                                ": it cannot fail there");
      }
      add({.kind = Incident::Kind::crash, .regions = {region}});
    }
    return {};
  }

  Status change_path(const Changes::Path& path, bool cut) {
    WEIR_ASSIGN(a, find(path.a));
    WEIR_ASSIGN(b, find(path.b));
    if (a == b) {
      return fail(Code::invalid_argument, "a path leads from one region to another; " +
                                              in_quotes(path.a.value()) + " stands twice");
    }
    if (cut) {
      add({.kind = Incident::Kind::path_cut, .regions = {a}, .peers = {b}});
      return {};
    }
    if (!(path.add_ms > 0 && path.add_ms <= Changes::k_add_max_ms)) {
      return fail(Code::invalid_argument, "latency to add must lie between 1ms and 10s");
    }
    const double rtt_ms = scenario_.paths(a, b).rtt_ms;
    add({.kind = Incident::Kind::path_change,
         .regions = {a},
         .peers = {b},
         .factor = std::min(1000.0, (rtt_ms + path.add_ms) / rtt_ms)});
    return {};
  }

  void finish(double traffic_scale, Scenario& scenario) {
    std::ranges::move(incidents_, std::back_inserter(scenario.incidents));
    if (traffic_scale == 1) return;
    for (SourceDemand& demand : scenario.demand) {
      demand.shapes.push_back({.kind = DemandShape::Kind::surge,
                               .level = traffic_scale,
                               .at_ms = at_ms_,
                               .hold_ms = scenario.duration_ms});
    }
  }

 private:
  Result<std::uint32_t> find(const RegionName& name) const {
    const auto found = std::ranges::find(scenario_.regions, name);
    if (found == scenario_.regions.end()) {
      std::string all;
      for (const RegionName& one : scenario_.regions)
        all += (all.empty() ? "" : ", ") + one.value();
      return fail(Code::invalid_argument,
                  "region " + in_quotes(name.value()) + " is none of the mesh's: " + all);
    }
    return static_cast<std::uint32_t>(found - scenario_.regions.begin());
  }

  void add(Incident incident) {
    incident.at_ms = at_ms_;
    incidents_.push_back(std::move(incident));
  }

  const double at_ms_;
  const Scenario& scenario_;
  std::vector<Incident> incidents_;
};

}  // namespace

Status apply(const Changes& changes, double at_ms, Scenario& scenario) {
  for (const std::size_t count :
       {changes.failed.size(), changes.cut.size(), changes.longer.size()}) {
    if (count > Changes::k_each_max) {
      return fail(Code::invalid_argument, "at most 64 regions or paths can be changed at once");
    }
  }
  if (!(changes.traffic_scale >= 0 && changes.traffic_scale <= Changes::k_scale_max)) {
    return fail(Code::invalid_argument, "the traffic's scale must lie between 0 and 10");
  }
  Applier applier(at_ms, scenario);
  WEIR_TRY(applier.fail_regions(changes.failed));
  for (const Changes::Path& path : changes.cut) WEIR_TRY(applier.change_path(path, true));
  for (const Changes::Path& path : changes.longer) WEIR_TRY(applier.change_path(path, false));
  applier.finish(changes.traffic_scale, scenario);
  return {};
}

}  // namespace weir::controller
