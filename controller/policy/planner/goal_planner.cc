#include "controller/policy/planner/goal_planner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_nearness = 1e-3;  // of two equal chances the shorter path: per objective of RTT
constexpr double k_failure_latency = 20;  // objectives a failed request counts as
constexpr double k_kept_margin = 0.002;
constexpr double k_given_up =
    0.005;  // within the objective, where less than what is to be kept is possible
constexpr double k_tail_share = 0.01;
constexpr double k_gb_per_kb = 1e-6;
constexpr int k_price_steps = 8;
constexpr int k_mix_steps = 12;

/// Shares and sheds between two plans.
Plan mix(const Plan& a, const Plan& b, double part_of_b) {
  Plan plan = a;
  for (std::size_t i = 0; i < plan.shares.cells().size(); ++i) {
    plan.shares.cells()[i] += part_of_b * (b.shares.cells()[i] - a.shares.cells()[i]);
  }
  for (std::size_t s = 0; s < plan.shed.size(); ++s) {
    plan.shed[s] += part_of_b * (b.shed[s] - a.shed[s]);
  }
  return plan;
}

void sum_load(Plan& plan, std::span<const double> demand, std::span<const double> besides) {
  plan.load.assign(besides.begin(), besides.end());
  for (std::size_t s = 0; s < demand.size(); ++s) {
    for (std::size_t d = 0; d < plan.load.size(); ++d) {
      plan.load[d] += demand[s] * (1 - plan.shed[s]) * plan.shares(s, d);
    }
  }
}

/// The furthest mix from `kept` towards `broken` for which `holds` is true.
template <typename Holds>
Plan furthest(const Plan& kept, const Plan& broken, const PlanInput& input, Holds holds) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < k_mix_steps; ++step) {
    const double middle = 0.5 * (low + high);
    Plan plan = mix(kept, broken, middle);
    sum_load(plan, input.demand, input.besides);
    (holds(plan) ? low : high) = middle;
  }
  Plan plan = mix(kept, broken, low);
  sum_load(plan, input.demand, input.besides);
  return plan;
}

}  // namespace

GoalPlanner::GoalPlanner(const ServiceSetting& setting, const PlannerSettings& settings)
    : setting_(setting),
      settings_(settings),
      cost_(setting.size(), setting.size(), 0.0),
      price_(setting.size(), setting.size(), 0.0),
      besides_(setting.size(), 0.0),
      utility_(setting.size(), setting.size()),
      tail_ms_(setting.slo_ms) {
  if (setting.cost_per_gb.empty()) return;
  for (std::size_t i = 0; i < cost_.cells().size(); ++i) {
    const double per_gb = usable_or(setting.cost_per_gb.cells()[i], 0);
    cost_.cells()[i] = per_gb * usable_or(setting.kb_per_request, 0) * k_gb_per_kb;
    dearest_ = std::max(dearest_, cost_.cells()[i]);
  }
}

double GoalPlanner::cost_per_hour(const Plan& plan, std::span<const double> demand) const {
  double sum = 0;
  for (std::size_t s = 0; s < demand.size(); ++s) {
    for (std::size_t d = 0; d < plan.load.size(); ++d) {
      sum += demand[s] * (1 - plan.shed[s]) * plan.shares(s, d) * cost_(s, d);
    }
  }
  return 3600 * sum;
}

Plan GoalPlanner::plan(const WorldModel& world, const WorldTables& tables,
                       std::span<const double> demand, const Grid<double>& previous,
                       std::span<const char> held) {
  fill_utility(world, tables);
  for (std::size_t d = 0; d < besides_.size(); ++d) besides_[d] = world.retries(d);
  const bool by_chance = setting_.goal == Goal::goodput || setting_.goal == Goal::cost;
  if (setting_.goal != Goal::latency) {
    for (std::size_t s = 0; s < demand.size(); ++s) {
      for (std::size_t d = 0; d < demand.size(); ++d) {
        price_(s, d) = k_nearness * world.paths().rtt_ms(s, d) / setting_.slo_ms;
      }
    }
  }
  const PlanInput input{
      .demand = demand,
      .capacity = tables.capacity(),
      .utility = by_chance ? tables.chance() : utility_,
      .allowed = setting_.allowed,
      .price = price_,
      .previous = previous,
      .churn_price = settings_.churn_price,
      .max_step = setting_.max_step > 0 ? setting_.max_step : 1,
      .besides = besides_,
      .held = held,
      .may_shed = setting_.may_shed,
      .shed_value = setting_.goal == Goal::latency ? -k_failure_latency : settings_.shed_value};
  Plan plan = plan_shares(input);
  if (setting_.goal == Goal::cost && dearest_ > 0) plan = cheapest(tables, input, std::move(plan));
  if (known(setting_.max_cost_per_hour)) plan = within_limit(input, std::move(plan));
  if (setting_.goal == Goal::tail) follow_tail(world, tables, plan, demand);
  return plan;
}

void GoalPlanner::fill_utility(const WorldModel& world, const WorldTables& tables) {
  if (setting_.goal == Goal::goodput || setting_.goal == Goal::cost) return;
  const TimeGrid& grid = world.grid();
  for (std::size_t d = 0; d < world.size(); ++d) {
    const bool down = world.destination(d).down();
    for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
      const TimeGrid::Tail& tail = tables.tail(d, k);
      const double mean = setting_.goal == Goal::latency ? grid.mean(tail) : 0;
      for (std::size_t s = 0; s < world.size(); ++s) {
        const double rtt = world.paths().rtt_ms(s, d);
        const bool cut = down || !world.paths().up(s, d);
        const double failing = cut ? 1 : world.failing(s, d);
        double& cell = utility_.row(d, k)[s];
        if (setting_.goal == Goal::latency) {
          cell = -(1 - failing) * (mean + rtt) / setting_.slo_ms - failing * k_failure_latency;
        } else {
          cell = (1 - failing) * (1 - grid.at(tail, tail_ms_ - rtt));
        }
      }
    }
  }
}

double GoalPlanner::worth(double chance, std::size_t from, std::size_t to) const {
  if (setting_.goal != Goal::cost || dearest_ <= 0) return chance;
  return std::max(0.0, chance - money_price_ * cost_(from, to) / dearest_);
}

double GoalPlanner::in_slo(const WorldTables& tables, const Plan& plan,
                           std::span<const double> demand) const {
  double sum = 0;
  double whole = 0;
  for (std::size_t s = 0; s < demand.size(); ++s) whole += demand[s];
  for (std::size_t d = 0; d < plan.load.size(); ++d) {
    const auto place = UtilityTable::place(plan.load[d] / tables.capacity()[d]);
    for (std::size_t s = 0; s < demand.size(); ++s) {
      const double flow = demand[s] * (1 - plan.shed[s]) * plan.shares(s, d);
      if (flow > 0) sum += flow * tables.chance().value(s, d, place);
    }
  }
  return whole > 0 ? sum / whole : 1;
}

void GoalPlanner::follow_tail(const WorldModel& world, const WorldTables& tables, const Plan& plan,
                              std::span<const double> demand) {
  std::vector<TimeGrid::Tail> tails;
  for (std::size_t d = 0; d < plan.load.size(); ++d) {
    tails.push_back(tables.tail(d, UtilityTable::place(plan.load[d] / tables.capacity()[d])));
  }
  double whole = 0;
  for (const double rate : demand) whole += rate;
  if (whole <= 0) return;
  double low = 0;
  double high = world.grid().time(TimeGrid::k_size - 1);
  for (int step = 0; step < 20; ++step) {
    const double middle = 0.5 * (low + high);
    double over = 0;
    for (std::size_t s = 0; s < demand.size(); ++s) {
      for (std::size_t d = 0; d < tails.size(); ++d) {
        const double share = plan.shares(s, d);
        if (share <= 0) continue;
        over += demand[s] * share * world.grid().at(tails[d], middle - world.paths().rtt_ms(s, d));
      }
    }
    (over > k_tail_share * whole ? low : high) = middle;
  }
  tail_ms_ += 0.5 * (high - tail_ms_);
}

void GoalPlanner::set_price(double per_money) {
  for (std::size_t i = 0; i < price_.cells().size(); ++i) {
    price_.cells()[i] += per_money * cost_.cells()[i] / dearest_;
  }
}

Plan GoalPlanner::cheapest(const WorldTables& tables, const PlanInput& input, Plan plan) {
  const double target = std::min(setting_.keep_in_slo + k_kept_margin,
                                 in_slo(tables, plan, input.demand) - k_given_up);
  const auto holds = [&](const Plan& one) { return in_slo(tables, one, input.demand) >= target; };
  const Grid<double> nearness = price_;
  Plan kept = plan;
  double price = money_price_;
  bool found = false;  // a price too high
  for (int step = 0; step < k_price_steps; ++step) {
    price_ = nearness;
    set_price(price);
    Plan cheaper = climb_from(input, kept.shares);
    if (holds(cheaper)) {
      kept = std::move(cheaper);
      money_price_ = std::min(price, 50.0);
      if (found || price > 50) break;
      price *= 2;
    } else {
      found = true;
      plan = furthest(kept, cheaper, input, holds);
      if (cost_per_hour(plan, input.demand) < cost_per_hour(kept, input.demand)) kept = plan;
      price *= 0.5;
      money_price_ = std::max(price, 1e-3);
    }
  }
  price_ = nearness;
  return kept;
}

Plan GoalPlanner::within_limit(const PlanInput& input, Plan plan) {
  const double limit = setting_.max_cost_per_hour;
  const auto holds = [&](const Plan& one) { return cost_per_hour(one, input.demand) <= limit; };
  if (holds(plan) || dearest_ <= 0) return plan;
  const Grid<double> nearness = price_;
  for (double price = 0.01; price < 1e5; price *= 4) {
    price_ = nearness;
    set_price(price);
    Plan cheaper = climb_from(input, plan.shares);
    if (holds(cheaper)) {
      plan = furthest(cheaper, plan, input, holds);
      break;
    }
    plan = std::move(cheaper);
  }
  price_ = nearness;
  return plan;
}

}  // namespace weir::controller
