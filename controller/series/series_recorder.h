#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "controller/series/series_block.h"

namespace weir::controller {

/// The open blocks of every series, and what is to be written of those that have ended. Plain
/// state: no clock, no store. About 6 KB for a series of seven columns.
class SeriesRecorder {
 public:
  static constexpr std::size_t k_series_max = 1000;

  /// A row to put; without a value: to erase.
  struct Write {
    std::string key;
    std::optional<std::string> value;
  };

  explicit SeriesRecorder(std::size_t series_max = k_series_max) : series_max_(series_max) {}

  /// The values of one second, NaN where unknown; always the same number of them for a key. Time
  /// that goes back is not kept. False: there are too many series already, this one is not kept.
  bool add(const SeriesKey& key, std::span<const double> values, std::int64_t unix_s);

  /// What has come due since the last call, in no order. A series that tells nothing any more is
  /// closed as well.
  std::vector<Write> take(std::int64_t unix_s);
  /// All that is open, as if it had ended: before the controller stops.
  std::vector<Write> close();

  /// Closes every series that `keep` is false of; their rows come with the next `take`.
  void keep_only(const std::function<bool(const SeriesKey&)>& keep);

  /// When the open block of a tier began, and the block; nullptr: there is none.
  std::pair<std::int64_t, const SeriesBlock*> open_block(const SeriesKey& key,
                                                         std::size_t tier) const;
  /// The other ends of the series from there, or of all that have the family.
  std::vector<SeriesKey> keys(const std::string& family, const std::string& from) const;

  std::size_t size() const { return series_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Open {
    explicit Open(std::size_t columns) : block(columns), sums(columns), counts(columns) {}
    SeriesBlock block;
    std::int64_t start_s = -1;  // none yet
    std::int64_t step = -1;     // being summed
    std::vector<double> sums;
    std::vector<std::uint32_t> counts;
  };
  struct Series {
    std::vector<Open> tiers;
    std::int64_t last_s = 0;
  };

  static void put(Open& open, std::size_t step, std::span<const double> values);
  void end_block(const SeriesKey& key, std::size_t tier, Open& open);
  void end_blocks(const SeriesKey& key, Series& series);

  const std::size_t series_max_;
  std::map<SeriesKey, Series> series_;
  std::vector<Write> writes_;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir::controller
