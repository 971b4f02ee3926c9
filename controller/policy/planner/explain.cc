#include "controller/policy/planner/explain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_moved = 0.005;
constexpr std::size_t k_most_terms = 400;

enum Term : std::uint8_t { path, slow, overload, answers, herding, cost, correction, k_terms };
constexpr std::array<std::string_view, k_terms> k_words = {
    "path", "slow", "overload", "answers", "herding", "cost", "correction"};
using Terms = std::array<double, k_terms>;

std::string rounded(double value, int digits = 0) {
  if (!std::isfinite(value)) return "?";
  double unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  const auto whole = static_cast<std::int64_t>(std::llround(std::clamp(value, -1e9, 1e9) * unit));
  if (digits == 0) return std::to_string(whole);
  const auto scale = static_cast<std::int64_t>(unit);
  std::string part = std::to_string(std::abs(whole % scale));
  part.insert(0, static_cast<std::size_t>(digits) - part.size(), '0');
  return (whole < 0 ? "-" : "") + std::to_string(std::abs(whole / scale)) + "." + part;
}

/// What speaks for a pair, in chances of an answer within the objective; negative speaks against.
struct Ground {
  const ServiceSetting& setting;
  const PlannerSettings& settings;
  const WorldModel& world;
  const WorldTables& tables;
  const TrainedMoves& moves;
  const GoalPlanner& planner;
  const Plan& plan;
  std::vector<double> slope;  // by destination, per request per second
  double dearest = 0;

  double rho(std::size_t d) const { return plan.load[d] / tables.capacity()[d]; }

  Terms of(std::size_t s, std::size_t d) const {
    Terms terms{};
    const auto& unloaded = tables.unloaded(d);
    const double alone = 1 - world.grid().at(unloaded, setting.slo_ms);
    const double there = tables.plain_chance(world, s, d, unloaded);
    const auto place = UtilityTable::place(rho(d));
    const double waited = tables.plain_chance(world, s, d, tables.tail(d, place));
    const double learnt = world.learnt(s, d, waited, settings.pessimism);
    terms[slow] = alone;
    terms[path] = world.paths().up(s, d) ? there - alone : -alone;
    terms[overload] = waited - there;
    terms[answers] = learnt - waited;
    terms[herding] = slope[d];
    terms[correction] = tables.chance().value(s, d, place) - learnt;
    if (moves.none()) terms[correction] = 0;
    terms[cost] = -1e-3 * world.paths().rtt_ms(s, d) / setting.slo_ms;
    if (dearest > 0) terms[cost] -= 0.05 * planner.cost(s, d) / dearest;
    return terms;
  }

  std::string note(Term term, std::size_t s, std::size_t d) const {
    const DestinationModel& to = world.destination(d);
    switch (term) {
      case path:
        if (!world.paths().up(s, d)) return "path down";
        return "round trip " + rounded(world.paths().rtt_ms(s, d), 1) + " of " +
               rounded(setting.slo_ms) + " ms";
      case slow:
        return "service p50 " + rounded(to.shape().p50_ms(), 1) + " ms, p99 " +
               rounded(to.shape().p99_ms(), 1) + " ms";
      case overload:
      case herding:
        return "planned " + rounded(plan.load[d]) + " of about " + rounded(to.capacity_rps()) +
               " requests/s, " + rounded(to.backlog()) + " waiting";
      case answers:
        return rounded(100 * world.failing(s, d), 1) + " % failing, " +
               rounded(100 * world.answering(d, 0), 1) + " % of what the model expects";
      default:
        return "";
    }
  }
};

Ground ground_of(const ServiceSetting& setting, const PlannerSettings& settings,
                 const WorldModel& world, const WorldTables& tables, const TrainedMoves& moves,
                 const GoalPlanner& planner, const Plan& plan) {
  Ground ground{setting, settings, world, tables, moves, planner, plan, {}, 0};
  std::vector<double> flow(setting.size());
  for (std::size_t d = 0; d < setting.size(); ++d) {
    for (std::size_t s = 0; s < setting.size(); ++s) {
      flow[s] = world.demand(s, settings.lookahead_s) * (1 - plan.shed[s]) * plan.shares(s, d);
      ground.dearest = std::max(ground.dearest, planner.cost(s, d));
    }
    const auto place = UtilityTable::place(ground.rho(d));
    ground.slope.push_back(tables.chance().sum(d, place, flow).slope / tables.capacity()[d]);
  }
  return ground;
}

/// Splits `move` over the terms of the same sign.
void split(const Ground& ground, std::size_t s, std::size_t d, const Terms& apart, double move,
           std::vector<Why>& why) {
  double sum = 0;
  for (const double value : apart) {
    if (value * move > 0) sum += std::abs(value);
  }
  if (sum < 1e-9) {
    why.push_back({s, d, "balance", move, ""});
    return;
  }
  for (std::size_t term = 0; term < k_terms; ++term) {
    if (apart[term] * move <= 0 || std::abs(apart[term]) < 1e-12) continue;
    why.push_back({s, d, std::string(k_words[term]), move * std::abs(apart[term]) / sum,
                   ground.note(static_cast<Term>(term), s, d)});
  }
}

}  // namespace

std::vector<Why> explain_moves(const ServiceSetting& setting, const PlannerSettings& settings,
                               const WorldModel& world, const WorldTables& tables,
                               const TrainedMoves& moves, const GoalPlanner& planner,
                               const Plan& plan, std::span<const Probe> probes,
                               const Grid<double>& before) {
  const Ground ground = ground_of(setting, settings, world, tables, moves, planner, plan);
  std::vector<Why> why;
  for (std::size_t s = 0; s < setting.size(); ++s) {
    std::vector<Terms> terms(setting.size(), Terms{});
    Terms usual{};
    bool moved = false;
    for (std::size_t d = 0; d < setting.size(); ++d) {
      moved = moved || std::abs(plan.shares(s, d) - before(s, d)) >= k_moved;
    }
    if (!moved) continue;
    for (std::size_t d = 0; d < setting.size(); ++d) {
      if (setting.allowed(s, d) == 0) continue;
      terms[d] = ground.of(s, d);
      for (std::size_t t = 0; t < k_terms; ++t) usual[t] += before(s, d) * terms[d][t];
    }
    for (std::size_t d = 0; d < setting.size(); ++d) {
      double move = plan.shares(s, d) - before(s, d);
      if (setting.allowed(s, d) == 0 || std::abs(move) < k_moved) continue;
      const auto probe = std::ranges::find_if(
          probes, [&](const Probe& one) { return one.from == s && one.to == d; });
      if (probe != probes.end() && move > 0) {
        const double part = std::min(move, probe->share);
        why.push_back({s, d, "probe", part, "nobody hears from it otherwise"});
        move -= part;
        if (move <= 0) continue;
      }
      Terms apart = terms[d];
      for (std::size_t t = 0; t < k_terms; ++t) apart[t] -= usual[t];
      split(ground, s, d, apart, move, why);
    }
  }
  std::ranges::sort(why, [](const Why& a, const Why& b) {
    const auto key = [](const Why& one) {
      return std::make_tuple(-std::abs(one.delta), one.from, one.to, std::string_view(one.term));
    };
    return key(a) < key(b);
  });
  if (why.size() > k_most_terms) why.resize(k_most_terms);
  return why;
}

}  // namespace weir::controller
