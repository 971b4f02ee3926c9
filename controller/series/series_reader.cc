#include "controller/series/series_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "common/base/text.h"

namespace weir::controller {

namespace {

constexpr double k_unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t k_rows_a_commit = 1000;

/// Fills what `newer` does not know from `older`.
void fill_gaps(SeriesBlock& newer, const SeriesBlock& older) {
  if (newer.columns() != older.columns()) return;
  for (std::size_t column = 0; column < newer.columns(); ++column) {
    for (std::size_t step = 0; step < k_series_points; ++step) {
      if (std::isnan(newer.at(column, step))) newer.at(column, step) = older.at(column, step);
    }
  }
}

/// The ends in "series/1s/FAMILY!START!FROM!TO".
SeriesKey ends_of(std::string_view row_key) {
  const std::vector<std::string_view> parts = split(row_key, '!');
  if (parts.size() != 4) return {};
  return {.family = "", .from = std::string(parts[2]), .to = std::string(parts[3])};
}

/// The blocks of one start that the store and the recorder have, put together.
Result<std::map<SeriesKey, SeriesBlock>> blocks_at(Store& store, const std::vector<OpenBlock>& open,
                                                   const SeriesTier& tier, const SeriesKey& key,
                                                   std::int64_t start_s) {
  std::map<SeriesKey, SeriesBlock> blocks;
  std::string prefix = series_row_key(tier, {key.family, "", ""}, start_s);
  if (!key.from.empty()) prefix += key.from + "!" + key.to;
  for (const OpenBlock& one : open) {
    const bool meant =
        (key.from.empty() || one.key.from == key.from) && (key.to.empty() || one.key.to == key.to);
    if (one.start_s == start_s && meant) {
      blocks.emplace(SeriesKey{.family = "", .from = one.key.from, .to = one.key.to}, one.block);
    }
  }
  const auto take = [&blocks](const Row& row) -> Status {
    WEIR_ASSIGN(block, SeriesBlock::decode(row.value));
    const auto [place, fresh] = blocks.emplace(ends_of(row.key), block);
    if (!fresh) fill_gaps(place->second, block);
    return {};
  };
  if (!key.to.empty()) {
    WEIR_ASSIGN(row, store.get(prefix));
    if (row) WEIR_TRY(take(*row));
    return blocks;
  }
  std::string after;
  while (true) {
    WEIR_ASSIGN(page, store.scan(prefix, after));
    for (const Row& row : page.rows) WEIR_TRY(take(row));
    if (!page.more || page.rows.empty()) return blocks;
    after = page.rows.back().key;
  }
}

}  // namespace

Result<SeriesPlan> plan_series(std::int64_t since_s, std::int64_t until_s, std::int64_t now_s) {
  until_s = std::min(until_s, now_s);
  if (since_s >= until_s) {
    return fail(Code::invalid_argument, "a range of series begins before it ends and before now");
  }
  since_s = std::max(since_s, now_s - k_series_tiers.back().kept_s);
  SeriesPlan plan;
  for (plan.tier = 0; plan.tier < k_series_tiers.size(); ++plan.tier) {
    const SeriesTier& tier = k_series_tiers[plan.tier];
    const bool last = plan.tier + 1 == k_series_tiers.size();
    const bool kept = since_s >= now_s - tier.kept_s;
    const std::int64_t steps = (until_s - since_s) / tier.step_s + 1;
    if (!last && (!kept || steps > static_cast<std::int64_t>(k_series_steps_max))) continue;
    plan.merged = (steps - 1) / static_cast<std::int64_t>(k_series_steps_max) + 1;
    break;
  }
  const std::int64_t step = plan.step_s();
  plan.start_s = since_s - since_s % step;
  plan.steps = static_cast<std::size_t>((until_s - plan.start_s - 1) / step + 1);
  return plan;
}

std::vector<OpenBlock> open_blocks(const SeriesRecorder& recorder, const std::string& family,
                                   const std::string& from, std::size_t tier) {
  std::vector<OpenBlock> open;
  for (const SeriesKey& key : recorder.keys(family, from)) {
    const auto [start_s, block] = recorder.open_block(key, tier);
    if (block != nullptr) open.push_back({key, start_s, *block});
  }
  return open;
}

Result<SeriesAnswer> read_series(Store& store, const std::vector<OpenBlock>& open,
                                 const SeriesPlan& plan, const SeriesKey& key) {
  const SeriesTier& tier = k_series_tiers[plan.tier];
  struct Sums {
    std::vector<std::vector<double>> sum;
    std::vector<std::vector<std::uint32_t>> count;
  };
  std::map<std::string, Sums> all;
  for (std::int64_t start = block_start_s(tier, plan.start_s); start < plan.end_s();
       start += block_length_s(tier)) {
    WEIR_ASSIGN(blocks, blocks_at(store, open, tier, key, start));
    for (const auto& [ends, block] : blocks) {
      Sums& sums = all[ends.to];
      if (sums.sum.empty()) {
        sums.sum.assign(block.columns(), std::vector<double>(plan.steps));
        sums.count.assign(block.columns(), std::vector<std::uint32_t>(plan.steps));
      }
      for (std::size_t column = 0; column < std::min(block.columns(), sums.sum.size()); ++column) {
        for (std::size_t step = 0; step < k_series_points; ++step) {
          const std::int64_t at = start + static_cast<std::int64_t>(step) * tier.step_s;
          const float value = block.at(column, step);
          if (at < plan.start_s || at >= plan.end_s() || std::isnan(value)) continue;
          const auto slot = static_cast<std::size_t>((at - plan.start_s) / plan.step_s());
          sums.sum[column][slot] += static_cast<double>(value);
          ++sums.count[column][slot];
        }
      }
    }
  }
  SeriesAnswer answer;
  for (auto& [to, sums] : all) {
    for (std::size_t column = 0; column < sums.sum.size(); ++column) {
      for (std::size_t slot = 0; slot < plan.steps; ++slot) {
        const std::uint32_t count = sums.count[column][slot];
        sums.sum[column][slot] = count == 0 ? k_unknown : sums.sum[column][slot] / count;
      }
    }
    answer.emplace(to, std::move(sums.sum));
  }
  return answer;
}

Result<SeriesMoment> read_moment(Store& store, const std::vector<OpenBlock>& open,
                                 const std::string& family, const SeriesPlan& plan) {
  const SeriesTier& tier = k_series_tiers[plan.tier];
  const std::int64_t start = block_start_s(tier, plan.start_s);
  const auto step = static_cast<std::size_t>((plan.start_s - start) / tier.step_s);
  WEIR_ASSIGN(blocks, blocks_at(store, open, tier, {family, "", ""}, start));
  SeriesMoment moment;
  for (const auto& [ends, block] : blocks) {
    std::vector<double> values(block.columns());
    bool any = false;
    for (std::size_t column = 0; column < block.columns(); ++column) {
      values[column] = static_cast<double>(block.at(column, step));
      any = any || !std::isnan(values[column]);
    }
    if (any) moment.emplace(std::pair(ends.from, ends.to), std::move(values));
  }
  return moment;
}

Status write_series(Store& store, const std::vector<SeriesRecorder::Write>& writes) {
  for (std::size_t begin = 0; begin < writes.size(); begin += k_rows_a_commit) {
    Transaction transaction;
    std::set<std::string_view> seen;
    for (std::size_t i = begin; i < std::min(writes.size(), begin + k_rows_a_commit); ++i) {
      if (!seen.insert(writes[i].key).second) continue;
      if (!writes[i].value) {
        transaction.erase(writes[i].key);
        continue;
      }
      WEIR_ASSIGN(block, SeriesBlock::decode(*writes[i].value));
      WEIR_ASSIGN(there, store.get(writes[i].key));
      if (there) {
        const auto older = SeriesBlock::decode(there->value);
        if (older) fill_gaps(block, *older);
      }
      transaction.put(writes[i].key, block.encoded());
    }
    const auto written = store.commit(transaction);
    if (!written) return fail(written.error());
  }
  return {};
}

Result<std::string> sweep_series(Store& store, const SeriesTier& tier, const std::string& after,
                                 std::int64_t now_s) {
  WEIR_ASSIGN(page, store.scan("series/" + std::string(tier.name) + "/", after));
  Transaction transaction;
  for (const Row& row : page.rows) {
    const std::int64_t start = start_of_row(row.key);
    if (start + block_length_s(tier) < now_s - tier.kept_s) transaction.erase(row.key);
  }
  if (!transaction.writes().empty()) {
    const auto written = store.commit(transaction);
    if (!written) return fail(written.error());
  }
  return page.more && !page.rows.empty() ? page.rows.back().key : std::string();
}

}  // namespace weir::controller
