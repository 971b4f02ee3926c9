#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/series/series_recorder.h"
#include "controller/store/store.h"

namespace weir::controller {

/// Which tier answers a question, and how many of its steps become one.
struct SeriesPlan {
  std::size_t tier = 0;
  std::int64_t start_s = 0;  // of the first step
  std::size_t steps = 0;     // of the answer
  std::int64_t merged = 1;   // steps of the tier in one of the answer

  std::int64_t step_s() const { return k_series_tiers[tier].step_s * merged; }
  std::int64_t end_s() const { return start_s + static_cast<std::int64_t>(steps) * step_s(); }
};

// Of an answer: an hour of seconds, both ends.
inline constexpr std::size_t k_series_steps_max = 3601;

/// The finest tier that still has `since` and answers in at most k_series_steps_max steps; of the
/// coarsest several become one. Errors: invalid_argument (the range is empty, or lies in the
/// future).
Result<SeriesPlan> plan_series(std::int64_t since_s, std::int64_t until_s, std::int64_t now_s);

/// The open blocks a question needs, copied where they may change.
struct OpenBlock {
  SeriesKey key;
  std::int64_t start_s = 0;
  SeriesBlock block;
};
std::vector<OpenBlock> open_blocks(const SeriesRecorder& recorder, const std::string& family,
                                   const std::string& from, std::size_t tier);

/// The columns of each series by its far end: [column][step], NaN where nothing is known.
using SeriesAnswer = std::map<std::string, std::vector<std::vector<double>>>;

/// A range of the series of a family from there; of one far end when `to` is given. Blocks on the
/// store: one look-up a block. Errors: as the store, data_loss.
Result<SeriesAnswer> read_series(Store& store, const std::vector<OpenBlock>& open,
                                 const SeriesPlan& plan, const SeriesKey& key);

/// What all series of a family told at a moment, by both ends; the finest tier that still has it.
/// Blocks on the store. Errors: as `read_series`.
using SeriesMoment = std::map<std::pair<std::string, std::string>, std::vector<double>>;
Result<SeriesMoment> read_moment(Store& store, const std::vector<OpenBlock>& open,
                                 const std::string& family, const SeriesPlan& plan);

/// Writes what the recorder gave; a row that is there already keeps what the new one does not know.
/// Blocks. Errors: as Store::commit.
Status write_series(Store& store, const std::vector<SeriesRecorder::Write>& writes);

/// Erases the rows of a tier whose time is over, a page at a time, so that others get at the disk
/// in between: once, at the start. Returns the key to go on `after`; empty: it was the last page.
/// Blocks. Errors: as the store.
Result<std::string> sweep_series(Store& store, const SeriesTier& tier, const std::string& after,
                                 std::int64_t now_s);

}  // namespace weir::controller
