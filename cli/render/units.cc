#include "cli/render/units.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "common/base/text.h"

namespace weir::cli {

std::string show_money(double amount) { return fmt::format("{:.4g}", amount); }

std::string show_per_second(double rate) {
  return rate < 100 ? fmt::format("{:.1f}/s", rate) : fmt::format("{:.0f}/s", rate);
}

namespace {

/// Seconds in one of the unit; 0: no unit.
std::int64_t unit_seconds(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86'400;
    default:
      return 0;
  }
}

}  // namespace

Result<std::chrono::seconds> parse_span(std::string_view text) {
  constexpr std::int64_t longest = 10LL * 366 * 86'400;
  const auto complaint = [&] {
    return fail(Code::invalid_argument,
                in_quotes(text) + " is no time such as 90s, 10m, 1h30m or 2d");
  };
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const auto used = static_cast<std::size_t>(end - rest.data());
    if (problem != std::errc() || count < 0 || count > longest || used >= rest.size()) {
      return complaint();
    }
    const std::int64_t unit = unit_seconds(rest[used]);
    if (unit == 0) return complaint();
    total += count * unit;
    if (total > longest) return complaint();
    rest.remove_prefix(used + 1);
  }
  if (total == 0) return complaint();
  return std::chrono::seconds(total);
}

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms) {
  if (const auto ago = parse_span(text)) {
    return now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(*ago).count();
  }
  // Year to second, each with its width and what comes before it.
  struct Part {
    char before;
    std::size_t width;
  };
  constexpr Part parts[] = {{0, 4}, {'-', 2}, {'-', 2}, {'T', 2}, {':', 2}, {':', 2}};
  int read[6] = {};
  std::string_view rest = text;
  bool good = text.ends_with('Z');
  for (std::size_t i = 0; good && i < 6; ++i) {
    if (parts[i].before != 0) {
      good = rest.starts_with(parts[i].before);
      rest.remove_prefix(good ? 1 : 0);
    }
    const std::string_view digits = rest.substr(0, parts[i].width);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), read[i]);
    good = good && problem == std::errc() && digits.size() == parts[i].width &&
           end == digits.data() + digits.size() && read[i] >= 0;
    rest.remove_prefix(std::min(rest.size(), parts[i].width));
  }
  const std::chrono::year_month_day day(std::chrono::year(read[0]),
                                        std::chrono::month(static_cast<unsigned>(read[1])),
                                        std::chrono::day(static_cast<unsigned>(read[2])));
  if (!good || rest != "Z" || !day.ok() || read[3] > 23 || read[4] > 59 || read[5] > 59) {
    return fail(Code::invalid_argument,
                in_quotes(text) + " is no moment such as 5m (ago) or 2026-11-23T07:03:29Z");
  }
  const auto time =
      std::chrono::hours(read[3]) + std::chrono::minutes(read[4]) + std::chrono::seconds(read[5]);
  const auto since = std::chrono::sys_days(day).time_since_epoch() + time;
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace weir::cli
