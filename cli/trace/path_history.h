#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::cli {

/// What a path measured in each of some even steps; NaN: not known. Of one direction.
struct PathSeries {
  std::int64_t start_unix_ms = 0;
  std::int64_t step_ms = 0;
  std::vector<double> p50_ms;
  std::vector<double> p99_ms;
  std::vector<double> jitter_ms;
  std::vector<double> loss;  // of 1
  std::vector<double> up;    // of 1

  std::size_t size() const { return up.size(); }
};

/// Some steps together: means of what is known, the largest p99.
struct PathSpan {
  std::int64_t start_unix_ms = 0;
  std::int64_t end_unix_ms = 0;
  std::optional<double> p50_ms;
  std::optional<double> p99_ms;
  std::optional<double> jitter_ms;
  std::optional<double> loss;
  std::optional<double> up;  // none: nothing is known of this time
};

/// The series in at most `count` even parts. O(steps).
std::vector<PathSpan> spans_of(const PathSeries& series, std::size_t count);

/// A moment at which a path became another one.
struct PathTurn {
  std::int64_t unix_ms = 0;
  std::string what;  // "p50 74.2 -> 122 ms", "loss 0.00% -> 1.80%", "down", "up", "measured again"
};

/// Where the path changed: its state; its p50 by more than a quarter and more than a millisecond,
/// or its loss by more than half a hundredth, as the medians of the five known steps before and
/// after have it. Within five steps only the first is told. O(steps).
std::vector<PathTurn> turns_of(const PathSeries& series);

}  // namespace weir::cli
