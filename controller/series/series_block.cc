#include "controller/series/series_block.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace weir::controller {

namespace {

constexpr std::size_t k_columns_max = 32;
constexpr std::size_t k_bytes = 3;
constexpr std::size_t k_start_digits = 12;

}  // namespace

void SeriesBlock::clear() { std::ranges::fill(values_, std::numeric_limits<float>::quiet_NaN()); }

std::string SeriesBlock::encoded() const {
  std::string out;
  out.reserve(1 + values_.size() * k_bytes);
  out += static_cast<char>(columns_);
  for (const float value : values_) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    // Rounded to the nearest; infinity and NaN stay what they are.
    const bool finite = (bits & 0x7f800000U) != 0x7f800000U;
    const std::uint32_t kept = (finite ? bits + 0x80U : bits) >> 8U;
    out += static_cast<char>(kept >> 16U);
    out += static_cast<char>(kept >> 8U);
    out += static_cast<char>(kept);
  }
  return out;
}

Result<SeriesBlock> SeriesBlock::decode(std::string_view bytes) {
  const std::size_t columns = bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
  if (columns == 0 || columns > k_columns_max ||
      bytes.size() != 1 + columns * k_series_points * k_bytes) {
    return fail(Code::data_loss, "a row of the series is damaged");
  }
  SeriesBlock block(columns);
  for (std::size_t i = 0; i < block.values_.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 0; byte < k_bytes; ++byte) {
      bits = bits << 8U | static_cast<unsigned char>(bytes[1 + i * k_bytes + byte]);
    }
    block.values_[i] = std::bit_cast<float>(bits << 8U);
  }
  return block;
}

std::string series_row_key(const SeriesTier& tier, const SeriesKey& key, std::int64_t start_s) {
  std::array<char, k_start_digits> digits{};
  digits.fill('0');
  std::array<char, 20> number{};
  const auto end = std::to_chars(number.data(), number.data() + number.size(),
                                 std::max<std::int64_t>(start_s, 0), 16)
                       .ptr;
  const auto size =
      std::min<std::size_t>(static_cast<std::size_t>(end - number.data()), digits.size());
  std::copy(end - static_cast<std::ptrdiff_t>(size), end,
            digits.end() - static_cast<std::ptrdiff_t>(size));
  std::string row = "series/" + std::string(tier.name) + "/" + key.family + "!" +
                    std::string(digits.data(), digits.size()) + "!";
  if (!key.from.empty()) row += key.from + "!" + key.to;
  return row;
}

std::int64_t start_of_row(std::string_view row_key) {
  const std::size_t mark = row_key.find('!');
  if (mark == std::string_view::npos || row_key.size() < mark + 1 + k_start_digits) return -1;
  const char* const begin = row_key.data() + mark + 1;
  std::int64_t start = -1;
  const auto [end, problem] = std::from_chars(begin, begin + k_start_digits, start, 16);
  return problem == std::errc() && end == begin + k_start_digits ? start : -1;
}

}  // namespace weir::controller
