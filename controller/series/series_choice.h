#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "controller/series/series_block.h"

namespace weir::controller {

/// Which series are kept when there are more than there is room for: the busiest. Plain state.
///
/// Each kind ("traffic", "path", "health") is sure of an equal part of the room, and what a kind
/// does not need goes to the busiest of the others. What is kept already counts `k_hold` times as
/// busy, so that two of about the same rate do not take turns and leave two torn charts. The same
/// candidates always give the same choice, in whatever order they come.
class SeriesChoice {
 public:
  static constexpr double k_hold = 1.25;

  /// Series that are kept or left together: those of one source's requests to all destinations
  /// (`group.to` empty), since a part of them would make a wrong chart; else a single one.
  struct Candidate {
    SeriesKey group;
    std::size_t series = 1;
    double rate = 0;  // requests per second
  };

  explicit SeriesChoice(std::size_t series_max) : series_max_(series_max) {}

  /// Chooses anew. At most `series_max` series are kept. O(n log n).
  void choose(std::vector<Candidate> candidates);

  /// Before the first choice, and while all have room: every one.
  bool keeps(const SeriesKey& key) const;
  /// There were more than there is room for.
  bool crowded() const { return crowded_; }
  /// Series left out by the last choice.
  std::size_t left_out() const { return left_out_; }

 private:
  const std::size_t series_max_;
  bool crowded_ = false;
  std::size_t left_out_ = 0;
  std::set<SeriesKey> kept_;  // groups
};

}  // namespace weir::controller
