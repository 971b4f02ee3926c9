#include "tests/bench/policy/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/bench/policy/statistics.h"

namespace weir::bench {
namespace {

constexpr const char* k_objective_names[] = {"tight", "middle", "wide"};

std::size_t seeds_of(const Contest& contest) { return contest.cells.front().by_seed.size(); }

/// Mean over the seeds of one field in one cell.
template <typename Field>
double cell_mean(const Contest& contest, std::size_t contestant, std::size_t cell, Field field) {
  std::vector<double> values;
  for (const RunRecord& record : contest.records[contestant][cell]) values.push_back(field(record));
  return mean(values);
}

template <typename Field>
double suite_mean(const Contest& contest, std::size_t contestant, Field field) {
  std::vector<double> values;
  for (std::size_t cell = 0; cell < contest.cells.size(); ++cell) {
    values.push_back(cell_mean(contest, contestant, cell, field));
  }
  return mean(values);
}

double cell_share(const Contest& contest, std::size_t contestant, std::size_t cell) {
  const std::size_t objective = contest.objective;
  return cell_mean(contest, contestant, cell,
                   [objective](const RunRecord& r) { return r.in_objective[objective]; });
}

double suite_share(const Contest& contest, std::size_t contestant, std::size_t objective) {
  return suite_mean(contest, contestant,
                    [objective](const RunRecord& r) { return r.in_objective[objective]; });
}

struct Group {
  std::string family;
  std::string map;
  std::vector<std::size_t> cells;  // in order of load
};

std::vector<Group> groups_of(const Contest& contest) {
  std::vector<Group> groups;
  for (std::size_t cell = 0; cell < contest.cells.size(); ++cell) {
    const Cell& here = contest.cells[cell];
    const auto same = [&here](const Group& group) {
      return group.family == here.family && group.map == here.map;
    };
    auto found = std::ranges::find_if(groups, same);
    if (found == groups.end()) found = groups.insert(groups.end(), {here.family, here.map, {}});
    found->cells.push_back(cell);
  }
  for (Group& group : groups) {
    std::ranges::sort(group.cells, {}, [&](std::size_t cell) { return contest.cells[cell].load; });
  }
  return groups;
}

/// Mean over families and maps of the load carried at 99 %; a scenario in which not even the least
/// load was, counts as 0.
double carried_load(const Contest& contest, std::size_t contestant) {
  std::vector<double> carried;
  for (const Group& group : groups_of(contest)) {
    std::vector<double> loads;
    std::vector<double> shares;
    for (const std::size_t cell : group.cells) {
      loads.push_back(contest.cells[cell].load);
      shares.push_back(cell_share(contest, contestant, cell));
    }
    const double load = load_at(loads, shares, 0.99);
    carried.push_back(std::isnan(load) ? 0 : load);
  }
  return mean(carried);
}

double typical_s(const Contest& contest, std::size_t contestant, double RunRecord::* field) {
  std::vector<double> all;
  for (const auto& cell : contest.records[contestant]) {
    for (const RunRecord& record : cell) all.push_back(record.*field);
  }
  return median(std::move(all));
}

std::vector<std::size_t> best_first(const Contest& contest) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < contest.contestants.size(); ++i) order.push_back(i);
  std::ranges::sort(order, {}, [&](std::size_t i) {
    return std::pair(-suite_share(contest, i, contest.objective), i);
  });
  return order;
}

}  // namespace

void print_scenarios(const Contest& contest) {
  for (const Group& group : groups_of(contest)) {
    std::printf("\n%s on %s: %% within the %s objective, by load; 95 %% interval of the last\n",
                group.family.c_str(), group.map.c_str(), k_objective_names[contest.objective]);
    std::printf("%-28s", "");
    for (const std::size_t cell : group.cells) std::printf("%8.2f", contest.cells[cell].load);
    std::printf("  %-16s%8s%8s%8s%8s\n", "interval", "p50 ms", "p99 ms", "remote", "recovery");
    for (std::size_t c = 0; c < contest.contestants.size(); ++c) {
      std::printf("%-28s", contest.contestants[c].name.c_str());
      for (const std::size_t cell : group.cells) {
        std::printf("%8.2f", 100 * cell_share(contest, c, cell));
      }
      const std::size_t last = group.cells.back();
      const Estimate share = bootstrap(1, seeds_of(contest), [&](std::size_t, std::size_t seed) {
        return contest.in_objective(c, last, seed);
      });
      std::vector<double> recoveries;
      for (const RunRecord& record : contest.records[c][last]) {
        recoveries.push_back(record.recovery_s);
      }
      std::printf("  %6.2f to %-6.2f", 100 * share.low, 100 * share.high);
      std::printf("%8.1f%8.1f%7.1f%%%7.1fs\n",
                  cell_mean(contest, c, last, [](const RunRecord& r) { return r.p50_ms; }),
                  cell_mean(contest, c, last, [](const RunRecord& r) { return r.p99_ms; }),
                  100 * cell_mean(contest, c, last, [](const RunRecord& r) { return r.remote; }),
                  median(std::move(recoveries)));
    }
  }
}

void print_summary(const Contest& contest) {
  std::printf("\nsuite mean over %zu scenarios x %zu seeds, %% of the offered requests within\n",
              contest.cells.size(), seeds_of(contest));
  std::printf("%-28s%8s%8s%8s  %-16s%8s%8s%8s%8s%9s%8s%9s%9s\n", "policy", "tight", "middle",
              "wide", "95 % interval", "mean ms", "p99 ms", "remote", "cost/h", "churn", "at 99%",
              "recovery", "settled");
  for (const std::size_t c : best_first(contest)) {
    const Estimate share = bootstrap(
        contest.cells.size(), seeds_of(contest),
        [&](std::size_t cell, std::size_t seed) { return contest.in_objective(c, cell, seed); });
    const auto of = [&](auto field) { return suite_mean(contest, c, field); };
    std::printf("%-28s", contest.contestants[c].name.c_str());
    for (std::size_t i = 0; i < controller::k_objectives; ++i) {
      std::printf("%8.2f", 100 * suite_share(contest, c, i));
    }
    std::printf("  %6.2f to %-6.2f", 100 * share.low, 100 * share.high);
    std::printf("%8.1f%8.1f%7.1f%%%8.2f%9.4f%8.3f%8.1fs%8.1fs\n",
                of([](const RunRecord& r) { return r.mean_ms; }),
                of([](const RunRecord& r) { return r.p99_ms; }),
                100 * of([](const RunRecord& r) { return r.remote; }),
                of([](const RunRecord& r) { return r.cost_per_hour; }),
                of([](const RunRecord& r) { return r.churn; }), carried_load(contest, c),
                typical_s(contest, c, &RunRecord::recovery_s),
                typical_s(contest, c, &RunRecord::settled_s));
  }
}

void print_against(const Contest& contest, const std::string& ours) {
  const auto found = std::ranges::find(contest.contestants, ours, &Contestant::name);
  if (found == contest.contestants.end()) return;
  const auto mine = static_cast<std::size_t>(found - contest.contestants.begin());
  std::printf(
      "\n%s against: ratio within the objective; its misses over theirs at loads 0.6 to 0.8, "
      "with the interval; worst scenario\n",
      ours.c_str());
  for (const std::size_t c : best_first(contest)) {
    if (c == mine) continue;
    double my_misses = 0;
    double their_misses = 0;
    double worst = 1;
    std::string where;
    std::vector<std::size_t> middle;
    for (std::size_t cell = 0; cell < contest.cells.size(); ++cell) {
      const double lead = cell_share(contest, mine, cell) - cell_share(contest, c, cell);
      if (lead < worst) {
        worst = lead;
        where = contest.cells[cell].family + " on " + contest.cells[cell].map;
        where += " at " + std::to_string(contest.cells[cell].load).substr(0, 4);
      }
      if (contest.cells[cell].load < 0.595 || contest.cells[cell].load > 0.805) continue;
      middle.push_back(cell);
      my_misses += 1 - cell_share(contest, mine, cell);
      their_misses += 1 - cell_share(contest, c, cell);
    }
    const Estimate lead =
        bootstrap(middle.size(), seeds_of(contest), [&](std::size_t i, std::size_t seed) {
          return contest.in_objective(mine, middle[i], seed) -
                 contest.in_objective(c, middle[i], seed);
        });
    const double ratio = suite_share(contest, mine, contest.objective) /
                         std::max(1e-9, suite_share(contest, c, contest.objective));
    std::printf(
        "%-28s ratio %6.3f  misses x %6.3f  lead %+6.2f (%+.2f to %+.2f) points  "
        "worst %+6.2f: %s\n",
        contest.contestants[c].name.c_str(), ratio, their_misses > 0 ? my_misses / their_misses : 1,
        100 * lead.mean, 100 * lead.low, 100 * lead.high, 100 * worst, where.c_str());
  }
}

}  // namespace weir::bench
