#include "cli/trace/path_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir::cli {
namespace {

constexpr std::size_t k_window = 5;  // steps before and after a turn

std::optional<double> mean(const std::vector<double>& values, std::size_t from, std::size_t to) {
  double sum = 0;
  std::size_t known = 0;
  for (std::size_t i = from; i < std::min(to, values.size()); ++i) {
    if (!std::isfinite(values[i])) continue;
    sum += values[i];
    ++known;
  }
  return known == 0 ? std::nullopt : std::optional(sum / static_cast<double>(known));
}

std::optional<double> largest(const std::vector<double>& values, std::size_t from, std::size_t to) {
  std::optional<double> most;
  for (std::size_t i = from; i < std::min(to, values.size()); ++i) {
    if (std::isfinite(values[i])) most = std::max(most.value_or(values[i]), values[i]);
  }
  return most;
}

/// Of the last, or the first, five known values of a stretch; none: fewer than three are known.
std::optional<double> median(std::vector<double> values) {
  if (values.size() < 3) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::vector<double> known_before(const std::vector<double>& values, std::size_t at) {
  std::vector<double> known;
  for (std::size_t i = std::min(at, values.size()); i > 0 && known.size() < k_window; --i) {
    if (std::isfinite(values[i - 1])) known.push_back(values[i - 1]);
  }
  return known;
}

std::vector<double> known_after(const std::vector<double>& values, std::size_t at) {
  std::vector<double> known;
  for (std::size_t i = at; i < values.size() && known.size() < k_window; ++i) {
    if (std::isfinite(values[i])) known.push_back(values[i]);
  }
  return known;
}

bool p50_moved(double before, double after) {
  return std::abs(after - before) > std::max(1.0, before / 4);
}

bool loss_moved(double before, double after) { return std::abs(after - before) > 0.005; }

struct Moved {
  bool (*enough)(double before, double after);
  std::string (*words)(double before, double after);
};

std::string p50_words(double before, double after) {
  return fmt::format("p50 {:.1f} -> {:.1f} ms", before, after);
}
std::string loss_words(double before, double after) {
  return fmt::format("loss {:.2f}% -> {:.2f}%", 100 * before, 100 * after);
}

/// Where one figure moved: at the step with the largest change among neighbours that all moved.
void add_moves(const PathSeries& series, const std::vector<double>& values, const Moved& moved,
               std::vector<PathTurn>& turns) {
  std::size_t quiet_until = 0;
  for (std::size_t at = 1; at < values.size(); ++at) {
    if (at < quiet_until || !std::isfinite(values[at])) continue;
    std::pair<double, double> largest_change;
    std::size_t best = 0;
    for (std::size_t i = at; i < std::min(at + k_window, values.size()); ++i) {
      const auto before = median(known_before(values, i));
      const auto after = median(known_after(values, i));
      if (!before || !after || !moved.enough(*before, *after)) break;
      // Several steps may have one change of medians: the one at which the value itself moved
      // counts.
      const double change = std::abs(*after - *before);
      const double step =
          std::isfinite(values[i - 1]) ? std::abs(values[i] - values[i - 1]) : change;
      if (std::pair(change, step) <= largest_change) continue;
      largest_change = {change, step};
      best = i;
    }
    if (best == 0) continue;
    turns.push_back(
        {.unix_ms = series.start_unix_ms + static_cast<std::int64_t>(best) * series.step_ms,
         .what =
             moved.words(*median(known_before(values, best)), *median(known_after(values, best)))});
    quiet_until = best + k_window;
  }
}

void add_states(const PathSeries& series, std::vector<PathTurn>& turns) {
  std::optional<bool> was;
  bool gap = false;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!std::isfinite(series.up[i])) {
      gap = gap || was.has_value();
      continue;
    }
    const bool is = series.up[i] >= 0.5;
    const std::int64_t when = series.start_unix_ms + static_cast<std::int64_t>(i) * series.step_ms;
    if (was && *was != is) {
      turns.push_back({.unix_ms = when, .what = is ? "up" : "down"});
    } else if (gap) {
      turns.push_back({.unix_ms = when, .what = "measured again"});
    }
    was = is;
    gap = false;
  }
}

}  // namespace

std::vector<PathSpan> spans_of(const PathSeries& series, std::size_t count) {
  std::vector<PathSpan> spans;
  const std::size_t steps = series.size();
  count = std::min(count, steps);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = i * steps / count;
    const std::size_t to = (i + 1) * steps / count;
    spans.push_back(
        {.start_unix_ms = series.start_unix_ms + static_cast<std::int64_t>(from) * series.step_ms,
         .end_unix_ms = series.start_unix_ms + static_cast<std::int64_t>(to) * series.step_ms,
         .p50_ms = mean(series.p50_ms, from, to),
         .p99_ms = largest(series.p99_ms, from, to),
         .jitter_ms = mean(series.jitter_ms, from, to),
         .loss = mean(series.loss, from, to),
         .up = mean(series.up, from, to)});
  }
  return spans;
}

std::vector<PathTurn> turns_of(const PathSeries& series) {
  std::vector<PathTurn> turns;
  add_states(series, turns);
  add_moves(series, series.p50_ms, {p50_moved, p50_words}, turns);
  add_moves(series, series.loss, {loss_moved, loss_words}, turns);
  std::ranges::sort(turns, [](const PathTurn& a, const PathTurn& b) {
    return std::pair(a.unix_ms, a.what) < std::pair(b.unix_ms, b.what);
  });
  return turns;
}

}  // namespace weir::cli
