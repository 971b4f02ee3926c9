#include "controller/policy/planner/share_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

namespace weir::controller {
namespace {

constexpr double k_enough = 1e-6;        // of the demand, gained by a round
constexpr double k_least_demand = 1e-5;  // of the whole: a silent source has a plan too
constexpr double k_fill = 0.9;           // load / capacity a start fills destinations to
constexpr double k_full = 0.85;          // of all capacity: beyond it, giving one up is tried
constexpr double k_given_up = 1.02;      // load / capacity of a region nobody hopes for
constexpr std::size_t k_many = 16;       // regions from which on fewer starts are tried
constexpr auto k_ladder = std::to_array<double>({1, 0.45, 0.2, 0.08, 0.03, 0.008});
constexpr double k_worth_trying = 1e-5;  // difference of the marginal values

double besides(const PlanInput& input, std::size_t d) {
  return input.besides.empty() ? 0 : input.besides[d];
}

bool held(const PlanInput& input, std::size_t s) {
  return !input.held.empty() && input.held[s] != 0;
}

/// The flows of all pairs and what follows from them, kept up to date move by move.
class Flows {
 public:
  Flows(const PlanInput& input, std::span<const double> demand)
      : input_(input),
        sources_(demand.size()),
        destinations_(input.capacity.size()),
        demand_(demand),
        flow_(destinations_ + 1, sources_, 0.0),
        load_(destinations_, 0.0),
        place_(destinations_),
        sum_(destinations_) {}

  /// `shares` of what is not shed.
  void set(const Grid<double>& shares, std::span<const double> shed) {
    for (std::size_t s = 0; s < sources_; ++s) {
      const double refused = input_.may_shed && !shed.empty() ? shed[s] : 0;
      for (std::size_t d = 0; d < destinations_; ++d) {
        flow_(d, s) = demand_[s] * (1 - refused) * shares(s, d);
      }
      flow_(destinations_, s) = demand_[s] * refused;
    }
    for (std::size_t d = 0; d < destinations_; ++d) refresh(d);
  }

  /// From now on no share moves further than a step from the previous ones.
  void hold_step() { step_ = input_.max_step; }

  /// What may leave, and what may come, of source `s` at `d`.
  double may_leave(std::size_t s, std::size_t d) const {
    if (d == destinations_ || step_ >= 1) return flow_(d, s);
    return flow_(d, s) - std::max(0.0, served(s) * (input_.previous(s, d) - step_));
  }
  double may_come(std::size_t s, std::size_t d) const {
    if (d == destinations_ || step_ >= 1) return demand_[s];
    return served(s) * (input_.previous(s, d) + step_) - flow_(d, s);
  }

  bool held(std::size_t s) const { return controller::held(input_, s); }
  bool open(std::size_t s, std::size_t d) const {
    return d == destinations_ ? input_.may_shed : input_.allowed(s, d) != 0;
  }
  double flow(std::size_t s, std::size_t d) const { return flow_(d, s); }

  /// What one more request of `s` at `d` is worth, the harm to the others there included.
  double marginal(std::size_t s, std::size_t d) const {
    if (d == destinations_) return input_.shed_value;
    return input_.utility.value(s, d, place_[d]) + sum_[d].slope / input_.capacity[d] -
           input_.price(s, d);
  }

  /// What moving `amount` of `s` from one destination to another gains.
  double gain(std::size_t s, std::size_t from, std::size_t to, double amount) const {
    return column_gain(s, from, -amount) + column_gain(s, to, amount);
  }

  void move(std::size_t s, std::size_t from, std::size_t to, double amount) {
    flow_(from, s) = std::max(0.0, flow_(from, s) - amount);
    flow_(to, s) += amount;
    if (from < destinations_) refresh(from);
    if (to < destinations_) refresh(to);
  }

  double value() const {
    double value = 0;
    for (std::size_t d = 0; d < destinations_; ++d) {
      value += sum_[d].value;
      for (std::size_t s = 0; s < sources_; ++s) {
        value -= flow_(d, s) * input_.price(s, d) + churn(s, d, flow_(d, s));
      }
    }
    for (std::size_t s = 0; s < sources_; ++s) value += flow_(destinations_, s) * input_.shed_value;
    return value;
  }

  Plan plan() const {
    Plan plan{.shares = Grid<double>(sources_, destinations_, 0.0),
              .shed = std::vector<double>(sources_, 0.0),
              .load = load_,
              .value = value()};
    for (std::size_t s = 0; s < sources_; ++s) {
      plan.shed[s] = std::min(flow_(destinations_, s) / demand_[s], 1.0);
      double sum = 0;
      for (std::size_t d = 0; d < destinations_; ++d) sum += flow_(d, s);
      for (std::size_t d = 0; d < destinations_; ++d) {
        // All refused: the shares are of nothing, and stay what they were.
        plan.shares(s, d) = sum > 1e-9 * demand_[s] ? flow_(d, s) / sum : input_.previous(s, d);
      }
    }
    return plan;
  }

 private:
  double served(std::size_t s) const { return demand_[s] - flow_(destinations_, s); }

  void refresh(std::size_t d) {
    const auto flow = flow_.row(d);
    load_[d] = std::accumulate(flow.begin(), flow.end(), besides(input_, d));
    place_[d] = UtilityTable::place(load_[d] / input_.capacity[d]);
    sum_[d] = input_.utility.sum(d, place_[d], flow);
  }

  double churn(std::size_t s, std::size_t d, double flow) const {
    return 0.5 * input_.churn_price * std::abs(flow - demand_[s] * input_.previous(s, d));
  }

  double column_gain(std::size_t s, std::size_t d, double amount) const {
    if (d == destinations_) return amount * input_.shed_value;
    const auto place = UtilityTable::place((load_[d] + amount) / input_.capacity[d]);
    const double others = input_.utility.sum(d, place, flow_.row(d)).value;
    const double own = amount * (input_.utility.value(s, d, place) - input_.price(s, d));
    const double before = flow_(d, s);
    return others - sum_[d].value + own - churn(s, d, before + amount) + churn(s, d, before);
  }

  const PlanInput& input_;
  const std::size_t sources_;
  const std::size_t destinations_;
  const std::span<const double> demand_;
  double step_ = 1;
  Grid<double> flow_;  // destination by source; one row more for what is shed
  std::vector<double> load_;
  std::vector<UtilityTable::Place> place_;
  std::vector<UtilityTable::Sum> sum_;
};

struct Move {
  std::size_t from = 0;
  std::size_t to = 0;
  double amount = 0;
  double gain = 0;
};

/// The size of move between the two that gains most; nothing gained: amount 0.
Move best_size(const Flows& flows, std::size_t s, std::size_t from, std::size_t to) {
  Move best{.from = from, .to = to};
  const double all = std::min(flows.may_leave(s, from), flows.may_come(s, to));
  if (all <= 0) return best;
  double factor = 0;
  const auto attempt = [&](double part) {
    const double gain = flows.gain(s, from, to, all * part);
    if (gain <= best.gain) return false;
    best.amount = all * part;
    best.gain = gain;
    factor = part;
    return true;
  };
  for (const double part : k_ladder) {
    if (!attempt(part) && factor > 0) break;  // past the top
  }
  if (factor > 0) {
    const double middle = factor;
    attempt(std::min(1.0, middle * 1.4));
    attempt(middle * 0.72);
  }
  return best;
}

/// Improves what one source does; returns what was gained.
double improve_source(Flows& flows, std::size_t s, std::size_t columns, double least) {
  if (flows.held(s)) return 0;
  std::optional<std::size_t> worst;
  std::optional<std::size_t> best;
  std::optional<std::size_t> largest;
  double worst_value = 0;
  double best_value = 0;
  for (std::size_t d = 0; d < columns; ++d) {
    if (!flows.open(s, d)) continue;
    const double value = flows.marginal(s, d);
    if (flows.may_come(s, d) > 0 && (!best || value > best_value)) {
      best = d;
      best_value = value;
    }
    if (flows.flow(s, d) <= 0 || flows.may_leave(s, d) <= 0) continue;
    if (!worst || value < worst_value) {
      worst = d;
      worst_value = value;
    }
    if (!largest || flows.flow(s, d) > flows.flow(s, *largest)) largest = d;
  }
  if (!worst || !best || *worst == *best || best_value - worst_value < k_worth_trying) return 0;
  Move move = best_size(flows, s, *worst, *best);
  if (move.gain <= least && *largest != *worst && *largest != *best) {
    move = best_size(flows, s, *largest, *best);
  }
  if (move.gain <= least) return 0;
  flows.move(s, move.from, move.to, move.amount);
  return move.gain;
}

void climb(Flows& flows, std::size_t sources, std::size_t columns, double whole, int rounds) {
  const double least = 1e-3 * k_enough * whole;
  for (int round = 0; round < rounds; ++round) {
    double gained = 0;
    for (std::size_t s = 0; s < sources; ++s) {
      for (int again = 0; again < 3; ++again) {
        const double gain = improve_source(flows, s, columns, least);
        gained += gain;
        if (gain <= 0) break;
      }
    }
    if (gained <= k_enough * whole) return;
  }
}

struct Candidate {
  double value = 0;
  std::size_t source = 0;
  std::size_t destination = 0;
};

/// All pairs, the most valuable at moderate load first.
std::vector<Candidate> candidates_of(const PlanInput& input) {
  std::vector<Candidate> candidates;
  const auto place = UtilityTable::place(0.8);
  for (std::size_t s = 0; s < input.demand.size(); ++s) {
    for (std::size_t d = 0; d < input.capacity.size(); ++d) {
      if (input.allowed(s, d) == 0) continue;
      candidates.push_back({input.utility.value(s, d, place) - input.price(s, d), s, d});
    }
  }
  std::ranges::sort(candidates, {}, [](const Candidate& one) {
    return std::make_tuple(-one.value, one.source, one.destination);
  });
  return candidates;
}

/// Everybody to the best destination with room; what finds none goes to `sink` where it may, else
/// to what it may use in proportion to capacity. The sink is not filled before, and its own
/// region's clients are served last: they are the first to be given up.
Grid<double> filled(const PlanInput& input, std::span<const double> demand,
                    std::span<const Candidate> candidates, std::optional<std::size_t> sink) {
  Grid<double> shares(demand.size(), input.capacity.size(), 0.0);
  std::vector<double> left(demand.begin(), demand.end());
  std::vector<double> room;
  for (std::size_t d = 0; d < input.capacity.size(); ++d) {
    room.push_back(std::max(0.0, k_fill * input.capacity[d] - besides(input, d)));
  }
  for (std::size_t s = 0; s < demand.size(); ++s) {
    if (!held(input, s)) continue;
    left[s] = 0;
    for (std::size_t d = 0; d < room.size(); ++d) {
      shares(s, d) = input.previous(s, d);
      room[d] = std::max(0.0, room[d] - demand[s] * shares(s, d));
    }
  }
  for (const bool last : {false, true}) {
    if (last && !sink) break;
    for (const Candidate& pair : candidates) {
      if (sink && (pair.destination == *sink || (pair.source == *sink) != last)) continue;
      const double taken = std::min(left[pair.source], room[pair.destination]);
      shares(pair.source, pair.destination) += taken / demand[pair.source];
      left[pair.source] -= taken;
      room[pair.destination] -= taken;
    }
  }
  for (std::size_t s = 0; s < demand.size(); ++s) {
    const double rest = left[s] / demand[s];
    if (rest <= 0) continue;
    if (sink && input.allowed(s, *sink) != 0) {
      shares(s, *sink) += rest;
      continue;
    }
    double sum = 0;
    for (std::size_t d = 0; d < room.size(); ++d) {
      if (input.allowed(s, d) != 0) sum += input.capacity[d];
    }
    for (std::size_t d = 0; d < room.size(); ++d) {
      if (input.allowed(s, d) != 0) shares(s, d) += rest * input.capacity[d] / sum;
    }
  }
  return shares;
}

std::vector<double> at_least(std::span<const double> demand) {
  const double whole = std::accumulate(demand.begin(), demand.end(), 0.0);
  const double least = std::max(k_least_demand * whole, 1e-9);
  std::vector<double> raised(demand.begin(), demand.end());
  for (double& value : raised) value = std::max(value, least);
  return raised;
}

/// Which destinations are tried as the one given up: those whose loss costs least.
std::vector<std::size_t> sinks_of(const PlanInput& input) {
  std::vector<std::size_t> order(input.capacity.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::size_t d) { return std::pair(input.capacity[d], d); });
  const std::size_t tried = order.size() > k_many ? 2 : 6;
  order.resize(std::min(order.size(), tried));
  return order;
}

}  // namespace

double plan_value(const PlanInput& input, const Grid<double>& shares,
                  std::span<const double> shed) {
  const std::vector<double> demand = at_least(input.demand);
  Flows flows(input, demand);
  flows.set(shares, shed);
  return flows.value();
}

Plan climb_from(const PlanInput& input, const Grid<double>& start) {
  const std::vector<double> demand = at_least(input.demand);
  const double whole = std::accumulate(demand.begin(), demand.end(), 0.0);
  Flows flows(input, demand);
  flows.set(start, {});
  climb(flows, demand.size(), input.capacity.size() + 1, whole, 60);
  return flows.plan();
}

Grid<double> stepped(const Grid<double>& from, const Grid<double>& to, double step) {
  Grid<double> shares = from;
  for (std::size_t s = 0; s < from.rows(); ++s) {
    double furthest = 0;
    for (std::size_t d = 0; d < from.columns(); ++d) {
      furthest = std::max(furthest, std::abs(to(s, d) - from(s, d)));
    }
    const double part = furthest > step ? step / furthest : 1;
    for (std::size_t d = 0; d < from.columns(); ++d) {
      shares(s, d) += part * (to(s, d) - from(s, d));
    }
  }
  return shares;
}

Plan plan_shares(const PlanInput& input) {
  const std::vector<double> demand = at_least(input.demand);
  const std::size_t sources = demand.size();
  const std::size_t columns = input.capacity.size() + 1;
  const bool many = sources > k_many;
  const double whole = std::accumulate(demand.begin(), demand.end(), 0.0);
  const double offered = std::accumulate(input.besides.begin(), input.besides.end(), whole);
  const double capacity = std::accumulate(input.capacity.begin(), input.capacity.end(), 0.0);
  const auto candidates = candidates_of(input);

  std::vector<Grid<double>> starts = {input.previous,
                                      filled(input, demand, candidates, std::nullopt)};
  if (offered > k_full * capacity) {
    for (const std::size_t sink : sinks_of(input)) {
      starts.push_back(filled(input, demand, candidates, sink));
    }
  }
  Flows best(input, demand);
  Flows flows(input, demand);
  std::optional<double> best_value;
  for (const Grid<double>& start : starts) {
    flows.set(start, {});
    climb(flows, sources, columns, whole, many ? 8 : 30);
    const double value = flows.value();
    if (best_value && value <= *best_value) continue;
    best_value = value;
    best.set(flows.plan().shares, flows.plan().shed);
  }
  climb(best, sources, columns, whole, many ? 12 : 30);
  if (input.max_step >= 1) return best.plan();
  const Plan wanted = best.plan();
  best.set(stepped(input.previous, wanted.shares, input.max_step), wanted.shed);
  best.hold_step();
  // On the way to giving a region up, each step alone looks like a loss: then only the way counts.
  bool gives_up = false;
  for (std::size_t d = 0; d < wanted.load.size(); ++d) {
    gives_up = gives_up || wanted.load[d] > k_given_up * input.capacity[d];
  }
  if (!gives_up) climb(best, sources, columns, whole, many ? 8 : 30);
  return best.plan();
}

}  // namespace weir::controller
