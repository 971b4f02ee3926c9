#include "controller/policy/planner/probing.h"

#include <algorithm>
#include <optional>

namespace weir::controller {
namespace {

constexpr double k_least_probe = 0.002;  // where the guards ask for no minimum
constexpr double k_far_price = 0.05;     // chance a round trip of one objective is worth
constexpr double k_open_part = 0.5;      // of the minimum share: below it closed, above it raised

void close_small(const ServiceSetting& setting, Plan& plan) {
  const double least = k_open_part * setting.min_share;
  for (std::size_t s = 0; s < setting.size(); ++s) {
    double sum = 0;
    const double largest = std::ranges::max(plan.shares.row(s));
    for (double& share : plan.shares.row(s)) {
      if (share < least && share < largest) share = 0;
      sum += share;
    }
    for (double& share : plan.shares.row(s)) share /= sum;
  }
}

}  // namespace

std::vector<Probe> settle_shares(const ServiceSetting& setting, const PlannerSettings& settings,
                                 const WorldModel& world, const WorldTables& tables, Plan& plan) {
  close_small(setting, plan);
  std::vector<Probe> probes;
  const double given = std::clamp(setting.min_share, k_least_probe, 0.05);
  for (std::size_t d = 0; d < setting.size(); ++d) {
    bool heard = false;
    std::optional<std::size_t> best;
    double best_worth = 0;
    for (std::size_t s = 0; s < setting.size(); ++s) {
      if (setting.allowed(s, d) == 0 || (s == d && world.doubted(d))) continue;
      if (plan.shares(s, d) > 0 && world.demand(s, 0) > 0) heard = true;
      if (world.demand(s, 0) <= 0 || !world.paths().up(s, d)) continue;
      const double chance = tables.plain_chance(world, s, d, tables.unloaded(d));
      if (chance <= settings.probe_value) continue;
      // Of equal chances the nearer one: its answers say more about the servers.
      const double worth = chance - k_far_price * world.paths().rtt_ms(s, d) / setting.slo_ms;
      if (best && worth <= best_worth) continue;
      best = s;
      best_worth = worth;
    }
    if (heard || !best || world.destination(d).down()) continue;
    for (double& share : plan.shares.row(*best)) share *= 1 - given;
    plan.shares(*best, d) += given;
    probes.push_back({.from = *best, .to = d, .share = given});
  }
  return probes;
}

}  // namespace weir::controller
