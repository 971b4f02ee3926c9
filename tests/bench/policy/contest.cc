#include "tests/bench/policy/contest.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>

namespace weir::bench {
namespace {

using controller::Scenario;
using controller::SimulationResult;

constexpr double k_point = 0.01;
constexpr std::size_t k_in_a_row = 3;

/// What departs from the ordinary first, after the warm-up; NaN when nothing does.
double first_incident_ms(const Scenario& scenario) {
  double first = std::numeric_limits<double>::quiet_NaN();
  const auto take = [&](double at_ms) {
    if (at_ms > scenario.warm_up_ms) first = std::fmin(first, at_ms);
  };
  for (const auto& incident : scenario.incidents) take(incident.at_ms);
  for (const auto& source : scenario.demand) {
    for (const auto& shape : source.shapes) {
      if (shape.kind == controller::DemandShape::Kind::surge) take(shape.at_ms);
    }
  }
  return first;
}

/// The mean share within the objective over the intervals of `[from_ms, to_ms]`.
double share_between(const SimulationResult& result, const Scenario& scenario, double from_ms,
                     double to_ms) {
  controller::Counts sum;
  for (std::size_t i = result.first_measured; i < result.intervals.size(); ++i) {
    const auto& interval = result.intervals[i];
    if (interval.t_ms > from_ms && interval.t_ms <= to_ms) sum.add(interval.counts);
  }
  return sum.share_in(scenario.objective);
}

/// From the first incident to the first of three seconds in a row within a point of `ordinary`.
double seconds_to(double ordinary, const SimulationResult& result, const Scenario& scenario) {
  const double begin = first_incident_ms(scenario);
  std::size_t good = 0;
  for (std::size_t i = result.first_measured; i < result.intervals.size(); ++i) {
    const auto& interval = result.intervals[i];
    if (interval.t_ms <= begin) continue;
    good = interval.counts.share_in(scenario.objective) >= ordinary - k_point ? good + 1 : 0;
    if (good < k_in_a_row) continue;
    const double first_good = interval.t_ms - (k_in_a_row * scenario.interval_ms);
    return std::max(0.0, first_good - begin) / 1000;
  }
  return std::numeric_limits<double>::infinity();
}

double recovery_s(const SimulationResult& result, const Scenario& scenario) {
  const double begin = first_incident_ms(scenario);
  if (std::isnan(begin)) return begin;
  return seconds_to(share_between(result, scenario, 0, begin), result, scenario);
}

double settled_s(const SimulationResult& result, const Scenario& scenario) {
  if (!has_incident(scenario)) return std::numeric_limits<double>::quiet_NaN();
  const double end = scenario.duration_ms;
  return seconds_to(share_between(result, scenario, 0.75 * end, end), result, scenario);
}

/// Hands out numbers to threads until there are none left or somebody failed.
void on_threads(unsigned threads, std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    workers.emplace_back([&] {
      for (std::size_t mine = next++; mine < count; mine = next++) work(mine);
    });
  }
}

}  // namespace

bool has_incident(const Scenario& scenario) { return !std::isnan(first_incident_ms(scenario)); }

RunRecord record_of(const SimulationResult& result, const Scenario& scenario) {
  const auto offered = static_cast<double>(std::max<std::uint64_t>(1, result.total.offered));
  const double hours = (scenario.duration_ms - scenario.warm_up_ms) / 3.6e6;
  RunRecord record;
  for (std::size_t i = 0; i < record.in_objective.size(); ++i) {
    record.in_objective[i] = result.total.share_in(i);
  }
  record.ok = static_cast<double>(result.total.ok) / offered;
  record.errors = static_cast<double>(result.total.errors) / offered;
  record.timeouts = static_cast<double>(result.total.timeouts) / offered;
  record.shed = static_cast<double>(result.total.shed) / offered;
  record.p50_ms = static_cast<double>(result.latency.quantile(0.5).count()) / 1000;
  record.p99_ms = static_cast<double>(result.latency.quantile(0.99).count()) / 1000;
  record.mean_ms = result.total.mean_latency_ms();
  record.remote = static_cast<double>(result.total.remote) / offered;
  record.cost_per_hour = result.total.cost / hours;
  record.churn = result.churn;
  record.guarded = result.guarded_share;
  record.recovery_s = recovery_s(result, scenario);
  record.settled_s = settled_s(result, scenario);
  record.trace = result.trace;
  return record;
}

Result<Records> run_contest(const std::vector<Contestant>& contestants,
                            const std::vector<Cell>& cells, const ContestOptions& options) {
  struct Task {
    std::size_t contestant;
    std::size_t cell;
    std::uint64_t seed;  // 0: all of them, after a search
  };
  std::vector<Task> tasks;
  Records records(contestants.size());
  for (std::size_t c = 0; c < contestants.size(); ++c) {
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const std::size_t seeds = cells[cell].by_seed.size();
      records[c].emplace_back(seeds);
      if (contestants[c].best_static) {
        tasks.push_back({c, cell, 0});
        continue;
      }
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) tasks.push_back({c, cell, seed});
    }
  }
  std::mutex mutex;
  std::size_t done = 0;
  std::optional<Error> failed;
  const auto work = [&](std::size_t number) {
    const Task& task = tasks[number];
    const Contestant& contestant = contestants[task.contestant];
    const std::vector<Scenario>& by_seed = cells[task.cell].by_seed;
    auto& kept = records[task.contestant][task.cell];
    if (contestant.best_static) {
      const Grid<double> shares =
          find_best_static(by_seed, options.static_seeds, options.static_evaluations);
      for (std::uint64_t seed = 1; seed <= by_seed.size(); ++seed) {
        const Scenario& scenario = by_seed[seed - 1];
        kept[seed - 1] = record_of(run_fixed(shares, scenario, seed), scenario);
      }
    } else {
      const Scenario& scenario = by_seed[task.seed - 1];
      const auto result = run_contestant(contestant, scenario, task.seed);
      if (result) kept[task.seed - 1] = record_of(*result, scenario);
      if (!result) {
        const std::scoped_lock lock(mutex);
        if (!failed) failed = result.error().within(contestant.name);
      }
    }
    const std::scoped_lock lock(mutex);
    ++done;
    if (options.progress) options.progress(done, tasks.size());
  };
  on_threads(options.threads, tasks.size(), work);
  if (failed) return fail(std::move(*failed));
  return records;
}

}  // namespace weir::bench
