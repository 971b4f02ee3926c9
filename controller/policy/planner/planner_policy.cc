#include "controller/policy/planner/planner_policy.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "controller/policy/planner/explain.h"
#include "controller/policy/planner/features.h"
#include "controller/policy/planner/in_flight_limits.h"
#include "controller/policy/planner/numeric.h"
#include "controller/policy/planner/probing.h"

namespace weir::controller {
namespace {

constexpr double k_least_slo_ms = 1;
constexpr double k_least_interval_ms = 10;

/// Tables of full size and sane values, whatever was given.
ServiceSetting checked(ServiceSetting setting) {
  const std::size_t n = setting.size();
  setting.slo_ms = std::max(usable_or(setting.slo_ms, 250), k_least_slo_ms);
  setting.interval_ms = std::max(usable_or(setting.interval_ms, 1000), k_least_interval_ms);
  setting.min_share = std::clamp(usable_or(setting.min_share, 0), 0.0, 1.0);
  setting.max_step = std::clamp(usable_or(setting.max_step, 1), 0.0, 1.0);
  setting.served_in.resize(n);
  if (setting.allowed.rows() != n) setting.allowed = Grid<char>(n, n, 1);
  if (setting.rtt_ms.rows() != n) setting.rtt_ms = Grid<double>(n, n, k_unknown);
  if (setting.cost_per_gb.rows() != n) setting.cost_per_gb = Grid<double>(n, n, 0.0);
  if (setting.static_weights.rows() != n) setting.static_weights = Grid<double>(n, n, 100.0);
  return setting;
}

/// The static weights as shares; equal ones where none is above 0.
Grid<double> static_shares(const ServiceSetting& setting) {
  Grid<double> shares(setting.size(), setting.size(), 0.0);
  for (std::size_t s = 0; s < setting.size(); ++s) {
    double sum = 0;
    double open = 0;
    for (std::size_t d = 0; d < setting.size(); ++d) {
      if (setting.allowed(s, d) == 0) continue;
      ++open;
      shares(s, d) = usable_or(setting.static_weights(s, d), 0);
      sum += shares(s, d);
    }
    for (std::size_t d = 0; d < setting.size(); ++d) {
      if (setting.allowed(s, d) == 0) continue;
      shares(s, d) = sum > 0 ? shares(s, d) / sum : 1 / open;
    }
  }
  return shares;
}

bool fits(const ServiceObservation& seen, std::size_t n) {
  return seen.offered.size() == n && seen.pairs.rows() == n && seen.pairs.columns() == n &&
         seen.servers.size() == n && seen.paths.rows() == n && seen.paths.columns() == n;
}

/// Adds why the weights of a source move whose shares do not: they follow what the agents do by
/// themselves.
void explain_following(const WeightResponse& response, const Grid<double>& in_force,
                       const Grid<double>& shares, const Grid<double>& planned, ServiceWish& wish) {
  constexpr double moved = 0.005;
  for (std::size_t s = 0; s < in_force.rows(); ++s) {
    if (std::ranges::any_of(wish.why, [s](const Why& why) { return why.from == s; })) continue;
    for (std::size_t d = 0; d < in_force.columns(); ++d) {
      const double move = wish.shares(s, d) - in_force(s, d);
      const bool turned = (wish.shares(s, d) > 0) != (in_force(s, d) > 0);
      if (std::abs(move) < moved && !turned) continue;
      if (std::abs(planned(s, d) - shares(s, d)) >= moved) continue;
      wish.why.push_back({s, d, "following", move,
                          "agents send " + std::to_string(std::lround(100 * response.factor(d))) +
                              " % of its weight there by themselves"});
    }
  }
}

}  // namespace

PlannerPolicy::PlannerPolicy(std::string_view name, ServiceSetting setting,
                             PlannerTraining training)
    : name_(name),
      setting_(checked(std::move(setting))),
      settings_(training.settings),
      net_(training.weights),
      world_(setting_, settings_),
      tables_(setting_, settings_),
      planner_(setting_, settings_),
      response_(setting_.size()),
      in_force_(static_shares(setting_)) {}

ServiceWish PlannerPolicy::observe(const ServiceObservation& seen) {
  if (setting_.size() == 0) return {};
  const bool whole = fits(seen, setting_.size());
  world_.observe(whole ? seen : ServiceObservation::blank(setting_.size()));
  take_in_force(seen.in_force);
  if (whole) response_.observe(world_.evidence().pairs(), seen.servers);
  if (!any_demand()) return static_wish();

  const Grid<double> shares = response_.shares_of(in_force_);
  TrainedMoves moves;
  if (!net_.silent()) {
    moves = net_.moves(pair_features(world_, setting_, shares), setting_.allowed);
  }
  tables_.rebuild(world_, moves);
  std::vector<double> demand;
  for (std::size_t s = 0; s < setting_.size(); ++s) {
    demand.push_back(world_.demand(s, settings_.lookahead_s));
  }
  const std::vector<char> held = held_sources(whole ? seen.held : std::vector<char>());
  Plan plan = planner_.plan(world_, tables_, demand, shares, held);
  const auto probes = settle_shares(setting_, settings_, world_, tables_, plan);

  ServiceWish wish{
      .shares = response_.weights_for(plan.shares),
      .shed = setting_.may_shed ? plan.shed : std::vector<double>(setting_.size(), 0.0),
      .why = explain_moves(setting_, settings_, world_, tables_, moves, planner_, plan, probes,
                           shares),
      .expected_in_slo = chances_of(plan)};
  explain_following(response_, in_force_, shares, plan.shares, wish);
  limit_in_flight(setting_, settings_, world_, tables_, planner_, plan, demand, wish);
  take_effect(wish.shares);
  return wish;
}

/// Those others hold at shares this policy may wish, too.
std::vector<char> PlannerPolicy::held_sources(std::vector<char> held) const {
  if (held.size() != setting_.size()) return std::vector<char>(setting_.size(), 0);
  for (std::size_t s = 0; s < setting_.size(); ++s) {
    for (std::size_t d = 0; d < setting_.size(); ++d) {
      if (in_force_(s, d) > 0 && setting_.allowed(s, d) == 0) held[s] = 0;
    }
  }
  return held;
}

bool PlannerPolicy::any_demand() const {
  for (std::size_t s = 0; s < setting_.size(); ++s) {
    if (world_.demand(s, 0) > 0) return true;
  }
  return false;
}

ServiceWish PlannerPolicy::static_wish() const {
  return {.shares = in_force_,
          .shed = std::vector<double>(setting_.size(), 0.0),
          .why = {},
          .expected_in_slo = {}};
}

Grid<double> PlannerPolicy::chances_of(const Plan& plan) const {
  Grid<double> chances(setting_.size(), setting_.size(), 0.0);
  for (std::size_t d = 0; d < setting_.size(); ++d) {
    const auto place = UtilityTable::place(plan.load[d] / tables_.capacity()[d]);
    for (std::size_t s = 0; s < setting_.size(); ++s) {
      chances(s, d) = tables_.chance().value(s, d, place);
    }
  }
  return chances;
}

void PlannerPolicy::take_in_force(const Grid<double>& told) {
  told_ = told.rows() == setting_.size() && told.columns() == setting_.size();
  if (!told_) return;
  for (std::size_t s = 0; s < setting_.size(); ++s) {
    double sum = 0;
    for (const double share : told.row(s)) sum += usable_or(share, 0);
    if (!(sum > 0) || !std::isfinite(sum)) continue;
    for (std::size_t d = 0; d < setting_.size(); ++d) {
      in_force_(s, d) = usable_or(told(s, d), 0) / sum;
    }
  }
  response_.follow(in_force_);
}

void PlannerPolicy::take_effect(const Grid<double>& wished) {
  const double step = setting_.max_step > 0 ? setting_.max_step : 1;
  for (std::size_t s = 0; s < setting_.size(); ++s) {
    double sum = 0;
    for (std::size_t d = 0; d < setting_.size(); ++d) {
      double& share = in_force_(s, d);
      share += std::clamp(wished(s, d) - share, -step, step);
      sum += share;
    }
    for (std::size_t d = 0; d < setting_.size(); ++d) in_force_(s, d) /= sum;
  }
  // Where nobody tells, the wish is taken for what comes into force.
  if (!told_) response_.follow(in_force_);
}

}  // namespace weir::controller
