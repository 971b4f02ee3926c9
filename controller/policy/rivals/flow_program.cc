#include "controller/policy/rivals/flow_program.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

/// Milliseconds that a request costs for each percent its destination is loaded above its limit.
constexpr double k_excess_ms_per_percent = 20;
constexpr int k_rounds_max = 400;

double excess_slope(double limit) { return k_excess_ms_per_percent * 100 / std::max(limit, 1e-3); }

double marginal(const FlowProgram& program, std::size_t to, double load) {
  const double limit = program.limits[to];
  const double excess = std::max(0.0, load - limit);
  return program.curves[to].marginal(load) + (excess > 0 ? excess_slope(limit) * excess : 0);
}

double marginal_slope(const FlowProgram& program, std::size_t to, double load) {
  const double limit = program.limits[to];
  return program.curves[to].marginal_slope(load) + (load > limit ? excess_slope(limit) : 0);
}

Grid<double> first_flows(const FlowProgram& program, const Grid<double>& start) {
  const std::size_t n = program.demand.size();
  Grid<double> flows(n, n);
  for (std::size_t from = 0; from < n; ++from) {
    const auto fixed = program.fixed_ms.row(from);
    double sum = 0;
    if (!start.empty()) {
      for (std::size_t to = 0; to < n; ++to) {
        if (std::isfinite(fixed[to])) sum += start(from, to);
      }
    }
    if (sum > 0) {
      for (std::size_t to = 0; to < n; ++to) {
        if (std::isfinite(fixed[to]))
          flows(from, to) = program.demand[from] * start(from, to) / sum;
      }
    } else {
      const auto nearest = std::ranges::min_element(fixed) - fixed.begin();
      if (std::isfinite(fixed[static_cast<std::size_t>(nearest)])) {
        flows(from, static_cast<std::size_t>(nearest)) = program.demand[from];
      }
    }
  }
  return flows;
}

/// One step for one source: from its dearest destination in use to its cheapest. The gain that
/// was to be had, in milliseconds of waiting per second.
double improve(const FlowProgram& program, std::size_t from, Grid<double>& flows,
               std::vector<double>& loads) {
  const std::size_t n = loads.size();
  std::size_t dearest = n;
  std::size_t cheapest = n;
  double high = 0;
  double low = 0;
  for (std::size_t to = 0; to < n; ++to) {
    if (!std::isfinite(program.fixed_ms(from, to))) continue;
    const double price = program.fixed_ms(from, to) + marginal(program, to, loads[to]);
    if (flows(from, to) > 0 && (dearest == n || price > high)) {
      dearest = to;
      high = price;
    }
    if (cheapest == n || price < low) {
      cheapest = to;
      low = price;
    }
  }
  if (dearest == n || cheapest == n || high <= low) return 0;
  const double slope = marginal_slope(program, dearest, loads[dearest]) +
                       marginal_slope(program, cheapest, loads[cheapest]);
  double moved = flows(from, dearest);
  if (slope > 0) moved = std::min(moved, (high - low) / slope);
  // The slope grows on the way: half as far until the prices have not crossed.
  for (int halving = 0; halving < 40; ++halving) {
    const double down =
        program.fixed_ms(from, dearest) + marginal(program, dearest, loads[dearest] - moved);
    const double up =
        program.fixed_ms(from, cheapest) + marginal(program, cheapest, loads[cheapest] + moved);
    if (up <= down + 1e-9) break;
    moved /= 2;
  }
  flows(from, dearest) = std::max(0.0, flows(from, dearest) - moved);
  flows(from, cheapest) += moved;
  loads[dearest] -= moved;
  loads[cheapest] += moved;
  return (high - low) * moved;
}

}  // namespace

Grid<double> solve_flows(const FlowProgram& program, const Grid<double>& start) {
  const std::size_t n = program.demand.size();
  Grid<double> flows = first_flows(program, start);
  std::vector<double> loads(n, 0);
  double demand = 0;
  for (std::size_t from = 0; from < n; ++from) {
    demand += program.demand[from];
    for (std::size_t to = 0; to < n; ++to) loads[to] += flows(from, to);
  }
  for (int round = 0; round < k_rounds_max; ++round) {
    double gained = 0;
    for (std::size_t from = 0; from < n; ++from) {
      for (std::size_t step = 0; step < n; ++step) {
        const double gain = improve(program, from, flows, loads);
        gained += gain;
        if (gain <= 1e-6 * program.demand[from]) break;
      }
    }
    if (gained <= 1e-6 * demand) break;
  }
  return flows;
}

double total_delay(const FlowProgram& program, const Grid<double>& flows) {
  const std::size_t n = program.demand.size();
  double total = 0;
  for (std::size_t to = 0; to < n; ++to) {
    double load = 0;
    for (std::size_t from = 0; from < n; ++from) {
      if (flows(from, to) <= 0) continue;
      load += flows(from, to);
      total += flows(from, to) * program.fixed_ms(from, to);
    }
    const double excess = std::max(0.0, load - program.limits[to]);
    total += load * program.curves[to].at(load);
    if (excess > 0) total += excess_slope(program.limits[to]) * excess * excess / 2;
  }
  return total;
}

}  // namespace weir::controller
