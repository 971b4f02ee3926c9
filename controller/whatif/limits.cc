#include "controller/whatif/limits.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace weir::controller {
namespace {

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", share * 100);
  return text;
}

bool reachable(const Fit& fit, const Changes& changes, std::size_t from, std::size_t to) {
  const Scenario& s = fit.scenario;
  const auto joins = [&](const Changes::Path& path) {
    return (path.a == s.regions[from] && path.b == s.regions[to]) ||
           (path.b == s.regions[from] && path.a == s.regions[to]);
  };
  if (s.allowed(from, to) == 0 || s.servers[to].endpoints == 0) return false;
  for (const Incident& incident : s.incidents) {
    const auto names = [](const std::vector<std::uint32_t>& list, std::size_t region) {
      return std::ranges::find(list, region) != list.end();
    };
    if (incident.kind == Incident::Kind::crash && names(incident.regions, to)) return false;
    if (incident.kind != Incident::Kind::path_cut) continue;
    if (names(incident.regions, from) && names(incident.peers, to)) return false;
    if (names(incident.regions, to) && names(incident.peers, from)) return false;
  }
  return std::ranges::find(changes.failed, s.regions[to]) == changes.failed.end() &&
         std::ranges::none_of(changes.cut, joins);
}

}  // namespace

std::vector<BrokenLimit> broken_limits(const Fit& fit, const Changes& changes,
                                       const Prediction& prediction, double tolerated) {
  const Scenario& s = fit.scenario;
  std::vector<BrokenLimit> broken;
  for (std::size_t from = 0; from < s.size(); ++from) {
    bool any = s.demand[from].rps <= 0;
    for (std::size_t to = 0; to < s.size(); ++to) any = any || reachable(fit, changes, from, to);
    if (any) continue;
    broken.push_back({.limit = "destination",
                      .text = s.regions[from].value() +
                              " has no region left that may serve it and can be reached"});
  }
  for (std::size_t to = 0; to < s.size(); ++to) {
    if (fit.capped[to] == 0 || prediction.over_s[to] <= 0) continue;
    const double over_s = prediction.over_s[to] + 4;  // the first of five seconds counts too
    broken.push_back({.limit = "capacity",
                      .text = s.regions[to].value() + " is asked for up to " +
                              std::to_string(std::lround(prediction.load[to] * 100)) +
                              " % of the " +
                              std::to_string(std::lround(s.servers[to].declared_rps)) +
                              " requests a second it carries, for " +
                              std::to_string(std::lround(over_s)) + " s"});
  }
  if (1 - prediction.in_objective > tolerated) {
    broken.push_back({.limit = "objective",
                      .text = percent(1 - prediction.in_objective) +
                              " of the requests are not answered within " +
                              std::to_string(std::lround(s.objectives_ms[s.objective])) +
                              " ms; tolerated are " + percent(tolerated)});
  }
  if (prediction.cost_per_hour > s.max_cost_per_hour) {
    char text[120];
    std::snprintf(text, sizeof text, "%.4g an hour on the paths between regions; at most %.4g",
                  prediction.cost_per_hour, s.max_cost_per_hour);
    broken.push_back({.limit = "cost", .text = text});
  }
  return broken;
}

}  // namespace weir::controller
