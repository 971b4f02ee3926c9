#include "controller/policy/planner/world_tables.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_root_three = 1.7320508075688772;
constexpr double k_most_doubt = 0.35;
constexpr double k_cut_off = 1e-3;  // factor on the chance where nothing can get through

TimeGrid::Tail mixed(const TimeGrid::Tail& a, const TimeGrid::Tail& b, double part_of_a) {
  TimeGrid::Tail tail;
  for (std::size_t i = 0; i < tail.size(); ++i) tail[i] = b[i] + part_of_a * (a[i] - b[i]);
  return tail;
}

}  // namespace

WorldTables::WorldTables(const ServiceSetting& setting, const PlannerSettings& settings)
    : setting_(setting),
      settings_(settings),
      capacity_(setting.size(), 1.0),
      tails_(setting.size()),
      unloaded_(setting.size()),
      chance_(setting.size(), setting.size()) {}

void WorldTables::rebuild(const WorldModel& world, const TrainedMoves& moves) {
  for (std::size_t d = 0; d < world.size(); ++d) {
    const double margin = moves.margin.empty() ? 1 : moves.margin[d];
    capacity_[d] = world.destination(d).capacity_rps() * settings_.capacity_margin * margin;
    spread(world, d, moves.horizon);
    const double known = world.destination(d).filter().capacity_deviation();
    blur(d, std::min(std::hypot(known, settings_.capacity_doubt), k_most_doubt));
    fill_chances(world, d, moves);
  }
}

void WorldTables::spread(const WorldModel& world, std::size_t to, double horizon) {
  const Sojourn& sojourn = world.destination(to).sojourn();
  QueueModel queue = world.destination(to).queue();
  queue.capacity_rps = capacity_[to];
  for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
    const double load = UtilityTable::loads()[k] * capacity_[to];
    const auto near = wait_over(world.grid(), queue, load, settings_.near_s);
    const auto far = wait_over(world.grid(), queue, load, settings_.far_s * horizon);
    const auto spent = sojourn.with_wait(mixed(near, far, settings_.near_weight));
    tails_[to][k] = stretched(world.grid(), spent, queue.stretch(load));
  }
  unloaded_[to] = sojourn.without_wait();
}

void WorldTables::blur(std::size_t to, double deviation) {
  // Three points with the mean and variance of a normal distribution of log capacity.
  const double factor = std::exp(k_root_three * deviation);
  const Rows& rows = tails_[to];
  Rows blurred;
  for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
    const double rho = UtilityTable::loads()[k];
    const auto less = UtilityTable::place(rho * factor);
    const auto more = UtilityTable::place(rho / factor);
    for (std::size_t i = 0; i < TimeGrid::k_size; ++i) {
      const double fewer =
          rows[less.low][i] + less.part * (rows[less.low + 1][i] - rows[less.low][i]);
      const double many =
          rows[more.low][i] + more.part * (rows[more.low + 1][i] - rows[more.low][i]);
      blurred[k][i] = (fewer + 4 * rows[k][i] + many) / 6;
    }
  }
  tails_[to] = blurred;
}

TimeGrid::Tail WorldTables::tail(std::size_t to, UtilityTable::Place place) const {
  return mixed(tails_[to][place.low + 1], tails_[to][place.low], place.part);
}

double WorldTables::plain_chance(const WorldModel& world, std::size_t from, std::size_t to,
                                 const TimeGrid::Tail& tail) const {
  return 1 - world.grid().at(tail, setting_.slo_ms - world.paths().rtt_ms(from, to));
}

void WorldTables::fill_chances(const WorldModel& world, std::size_t to, const TrainedMoves& moves) {
  struct Pair {
    bool open = false;
    TimeGrid::Place left;
    double odds = 1;   // factor on the odds of an answer
    double share = 1;  // of the chance that is left where nothing gets through
  };
  std::vector<Pair> pairs(world.size());
  for (std::size_t s = 0; s < pairs.size(); ++s) {
    const double left = setting_.slo_ms - world.paths().rtt_ms(s, to);
    const double trained = moves.logits.empty() ? 0 : moves.logits(s, to);
    const bool cut = !world.paths().up(s, to) || world.destination(to).down();
    pairs[s] = {.open = setting_.allowed(s, to) != 0 && left > 0,
                .left = world.grid().place(left),
                .odds = std::exp(world.offset(s, to, settings_.pessimism) + trained),
                .share = cut ? k_cut_off : 1};
  }
  const double answering = world.answering(to, settings_.pessimism);
  for (std::size_t k = 0; k < UtilityTable::k_loads; ++k) {
    const auto row = chance_.row(to, k);
    for (std::size_t s = 0; s < pairs.size(); ++s) {
      const Pair& pair = pairs[s];
      double chance = 0;
      if (pair.open) {
        chance = (1 - TimeGrid::at(tails_[to][k], pair.left)) * answering;
        chance = std::clamp(chance, 0.0, 1 - k_least_chance);
        chance = chance * pair.odds / (1 - chance + chance * pair.odds);
      }
      row[s] = pair.share * chance;
    }
  }
}

}  // namespace weir::controller
