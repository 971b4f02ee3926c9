#include "controller/series/series_recorder.h"

#include <cmath>
#include <utility>

#include "common/base/assert.h"

namespace weir::controller {

/// Into the step's mean.
void SeriesRecorder::put(Open& open, std::size_t step, std::span<const double> values) {
  if (open.step != static_cast<std::int64_t>(step)) {
    open.step = static_cast<std::int64_t>(step);
    open.sums.assign(values.size(), 0);
    open.counts.assign(values.size(), 0);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    open.sums[i] += values[i];
    ++open.counts[i];
    open.block.at(i, step) = static_cast<float>(open.sums[i] / open.counts[i]);
  }
}

void SeriesRecorder::end_block(const SeriesKey& key, std::size_t tier, Open& open) {
  const SeriesTier& kind = k_series_tiers[tier];
  if (open.start_s >= 0) {
    writes_.push_back({series_row_key(kind, key, open.start_s), open.block.encoded()});
    writes_.push_back(
        {series_row_key(kind, key,
                        block_start_s(kind, open.start_s - kind.kept_s) - block_length_s(kind)),
         std::nullopt});
  }
  open.start_s = -1;
  open.step = -1;
  open.block.clear();
}

void SeriesRecorder::end_blocks(const SeriesKey& key, Series& series) {
  for (std::size_t tier = 0; tier < k_series_tiers.size(); ++tier) {
    end_block(key, tier, series.tiers[tier]);
  }
}

bool SeriesRecorder::add(const SeriesKey& key, std::span<const double> values,
                         std::int64_t unix_s) {
  auto found = series_.find(key);
  if (found == series_.end()) {
    if (series_.size() >= series_max_) {
      ++dropped_;
      return false;
    }
    Series fresh;
    fresh.tiers.assign(k_series_tiers.size(), Open(values.size()));
    found = series_.emplace(key, std::move(fresh)).first;
  }
  Series& series = found->second;
  WEIR_ASSERT(series.tiers[0].block.columns() == values.size(), "a series changed its columns");
  if (unix_s <= series.last_s) return true;
  series.last_s = unix_s;
  for (std::size_t tier = 0; tier < k_series_tiers.size(); ++tier) {
    const SeriesTier& kind = k_series_tiers[tier];
    Open& open = series.tiers[tier];
    const std::int64_t start = block_start_s(kind, unix_s);
    if (open.start_s != start) {
      end_block(key, tier, open);
      open.start_s = start;
    }
    put(open, static_cast<std::size_t>((unix_s - start) / kind.step_s), values);
  }
  return true;
}

std::vector<SeriesRecorder::Write> SeriesRecorder::take(std::int64_t unix_s) {
  // Nothing for as long as the coarsest block lasts: it makes room for others.
  const std::int64_t silent = block_length_s(k_series_tiers.back());
  for (auto series = series_.begin(); series != series_.end();) {
    if (series->second.last_s + silent > unix_s) {
      ++series;
      continue;
    }
    end_blocks(series->first, series->second);
    series = series_.erase(series);
  }
  return std::exchange(writes_, {});
}

void SeriesRecorder::keep_only(const std::function<bool(const SeriesKey&)>& keep) {
  for (auto series = series_.begin(); series != series_.end();) {
    if (keep(series->first)) {
      ++series;
      continue;
    }
    end_blocks(series->first, series->second);
    series = series_.erase(series);
  }
}

std::vector<SeriesRecorder::Write> SeriesRecorder::close() {
  for (auto& [key, series] : series_) end_blocks(key, series);
  series_.clear();
  return std::exchange(writes_, {});
}

std::pair<std::int64_t, const SeriesBlock*> SeriesRecorder::open_block(const SeriesKey& key,
                                                                       std::size_t tier) const {
  const auto found = series_.find(key);
  if (found == series_.end() || found->second.tiers[tier].start_s < 0) return {-1, nullptr};
  return {found->second.tiers[tier].start_s, &found->second.tiers[tier].block};
}

std::vector<SeriesKey> SeriesRecorder::keys(const std::string& family,
                                            const std::string& from) const {
  std::vector<SeriesKey> found;
  for (auto series = series_.lower_bound({family, from, ""});
       series != series_.end() && series->first.family == family; ++series) {
    if (!from.empty() && series->first.from != from) break;
    found.push_back(series->first);
  }
  return found;
}

}  // namespace weir::controller
