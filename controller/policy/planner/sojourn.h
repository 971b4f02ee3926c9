#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "controller/policy/planner/queue_model.h"
#include "controller/policy/planner/service_shape.h"

namespace weir::controller {

/// The times a distribution is kept at: 32 equal steps up to the objective, then ten that grow to
/// 16 times the objective. Milliseconds.
class TimeGrid {
 public:
  static constexpr std::size_t k_steps = 32;
  static constexpr std::size_t k_size = k_steps + 11;
  using Tail = std::array<double, k_size>;  // P(T > time) at each time, not increasing

  explicit TimeGrid(double slo_ms);

  double time(std::size_t index) const { return times_[index]; }

  /// Where a time lies: between `index` and `index + 1`, `part` of the way. Not negative; beyond
  /// the last time it is the last.
  struct Place {
    std::size_t index = 0;
    double part = 0;
  };
  Place place(double time_ms) const;
  static double at(const Tail& tail, Place place) {
    return tail[place.index] + place.part * (tail[place.index + 1] - tail[place.index]);
  }
  /// P(T > time_ms); 1 before 0.
  double at(const Tail& tail, double time_ms) const;
  /// The time exceeded with this chance; the last time when even that is exceeded more often.
  double quantile(const Tail& tail, double chance) const;
  double mean(const Tail& tail) const;

 private:
  double step_;
  std::array<double, k_size> times_;
};

/// Waiting plus service of one destination as a distribution over a TimeGrid.
class Sojourn {
 public:
  /// O(grid * points).
  Sojourn(const TimeGrid& grid, const ServiceShape& shape);

  /// When a request waits longer than each time of the grid with the chance in `wait`.
  TimeGrid::Tail with_wait(const TimeGrid::Tail& wait) const;
  const TimeGrid::Tail& without_wait() const { return without_; }

 private:
  struct Shifted {
    double weight = 0;
    TimeGrid::Place place;
  };
  std::vector<Shifted> shifted_;  // grid time less service point, time after time
  std::array<std::size_t, TimeGrid::k_size> served_;  // points shorter than the time
  TimeGrid::Tail unserved_;                           // weight of the others
  TimeGrid::Tail without_;
};

/// `tail` of times that are all longer by this factor (1 or more).
TimeGrid::Tail stretched(const TimeGrid& grid, const TimeGrid::Tail& tail, double factor);

/// The wait of `queue` at `load_rps`, as seen `after_s` from now, over `grid`.
TimeGrid::Tail wait_over(const TimeGrid& grid, const QueueModel& queue, double load_rps,
                         double after_s);

}  // namespace weir::controller
