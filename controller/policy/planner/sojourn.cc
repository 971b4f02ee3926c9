#include "controller/policy/planner/sojourn.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr double k_growth = 1.3195079107728942;  // 16^(1/10)
constexpr double k_negligible = 1e-7;

}  // namespace

TimeGrid::TimeGrid(double slo_ms) : step_(slo_ms / k_steps), times_{} {
  for (std::size_t i = 0; i <= k_steps; ++i) times_[i] = step_ * static_cast<double>(i);
  for (std::size_t i = k_steps + 1; i < k_size; ++i) times_[i] = times_[i - 1] * k_growth;
}

TimeGrid::Place TimeGrid::place(double time_ms) const {
  if (!(time_ms > 0)) return {};
  if (time_ms < times_[k_steps]) {
    const double at = time_ms / step_;
    const auto index = std::min(static_cast<std::size_t>(at), k_steps - 1);
    return {index, at - static_cast<double>(index)};
  }
  for (std::size_t i = k_steps; i + 1 < k_size; ++i) {
    if (time_ms < times_[i + 1]) return {i, (time_ms - times_[i]) / (times_[i + 1] - times_[i])};
  }
  return {k_size - 2, 1};
}

double TimeGrid::at(const Tail& tail, double time_ms) const {
  return time_ms < 0 ? 1 : at(tail, place(time_ms));
}

double TimeGrid::quantile(const Tail& tail, double chance) const {
  if (tail[0] <= chance) return 0;
  for (std::size_t i = 0; i + 1 < k_size; ++i) {
    if (tail[i + 1] > chance) continue;
    const double fall = tail[i] - tail[i + 1];
    const double part = fall > 0 ? (tail[i] - chance) / fall : 1;
    return times_[i] + part * (times_[i + 1] - times_[i]);
  }
  return times_[k_size - 1];
}

double TimeGrid::mean(const Tail& tail) const {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < k_size; ++i) {
    sum += 0.5 * (tail[i] + tail[i + 1]) * (times_[i + 1] - times_[i]);
  }
  return sum;
}

Sojourn::Sojourn(const TimeGrid& grid, const ServiceShape& shape)
    : shifted_(TimeGrid::k_size * ServiceShape::k_points), served_{}, unserved_{}, without_{} {
  const auto& weights = ServiceShape::point_weights();
  for (std::size_t i = 0; i < TimeGrid::k_size; ++i) {
    for (std::size_t p = 0; p < ServiceShape::k_points; ++p) {
      const double left = grid.time(i) - shape.points()[p];  // points ascend
      if (left < 0) {
        unserved_[i] += weights[p];
        continue;
      }
      shifted_[i * ServiceShape::k_points + p] = {.weight = weights[p], .place = grid.place(left)};
      ++served_[i];
    }
  }
  without_ = unserved_;
}

TimeGrid::Tail Sojourn::with_wait(const TimeGrid::Tail& wait) const {
  if (wait[0] < k_negligible) return without_;
  std::size_t last = TimeGrid::k_size - 1;  // nobody waits longer than the time after it
  while (wait[last] <= 0) --last;
  TimeGrid::Tail tail;
  for (std::size_t i = 0; i < TimeGrid::k_size; ++i) {
    double sum = unserved_[i];
    const Shifted* shifted = shifted_.data() + i * ServiceShape::k_points;
    // The longest service leaves the least time to wait: those after it come before.
    for (std::size_t p = served_[i]; p-- > 0 && shifted[p].place.index <= last;) {
      sum += shifted[p].weight * TimeGrid::at(wait, shifted[p].place);
    }
    tail[i] = sum;
  }
  return tail;
}

TimeGrid::Tail stretched(const TimeGrid& grid, const TimeGrid::Tail& tail, double factor) {
  if (factor <= 1.002) return tail;
  TimeGrid::Tail longer;
  for (std::size_t i = 0; i < TimeGrid::k_size; ++i) {
    longer[i] = TimeGrid::at(tail, grid.place(grid.time(i) / factor));
  }
  return longer;
}

TimeGrid::Tail wait_over(const TimeGrid& grid, const QueueModel& queue, double load_rps,
                         double after_s) {
  TimeGrid::Tail tail{};
  const WaitTail wait(queue, load_rps, after_s);
  for (std::size_t i = 0; i < TimeGrid::k_size; ++i) {
    tail[i] = wait.at(grid.time(i) / 1000);
    if (tail[i] < k_negligible) break;
  }
  return tail;
}

}  // namespace weir::controller
