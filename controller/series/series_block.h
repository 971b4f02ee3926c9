#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir::controller {

/// How finely and how long values are kept.
struct SeriesTier {
  std::string_view name;
  std::int64_t step_s;
  std::int64_t kept_s;
};

inline constexpr std::size_t k_series_points = 60;  // of a block
inline constexpr std::array<SeriesTier, 3> k_series_tiers{
    {{"1s", 1, 3600}, {"10s", 10, 24 * 3600}, {"1m", 60, 30LL * 24 * 3600}}};

constexpr std::int64_t block_length_s(const SeriesTier& tier) {
  return tier.step_s * static_cast<std::int64_t>(k_series_points);
}
/// The start of the block a moment lies in.
constexpr std::int64_t block_start_s(const SeriesTier& tier, std::int64_t unix_s) {
  return unix_s - unix_s % block_length_s(tier);
}

/// One measured thing: of a family ("traffic/shop/web", "path", "health/shop/web") from here to
/// there.
struct SeriesKey {
  std::string family;
  std::string from;
  std::string to;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

/// Sixty steps of some columns; NaN: not known.
class SeriesBlock {
 public:
  explicit SeriesBlock(std::size_t columns)
      : columns_(columns), values_(columns * k_series_points) {
    clear();
  }

  std::size_t columns() const { return columns_; }
  float& at(std::size_t column, std::size_t step) {
    return values_[column * k_series_points + step];
  }
  float at(std::size_t column, std::size_t step) const {
    return values_[column * k_series_points + step];
  }
  void clear();

  /// 1 byte for the columns, then 3 bytes a value: a float without its last eight bits, which keeps
  /// 15 bits of the mantissa (0.003 %).
  std::string encoded() const;
  /// Errors: data_loss.
  static Result<SeriesBlock> decode(std::string_view bytes);

 private:
  std::size_t columns_;
  std::vector<float> values_;
};

/// "series/1s/path!000068f3c2a0!a!b"; with an empty `to` or `from`: the prefix of all of them.
std::string series_row_key(const SeriesTier& tier, const SeriesKey& key, std::int64_t start_s);
/// The start in such a key; -1: it is none.
std::int64_t start_of_row(std::string_view row_key);

}  // namespace weir::controller
