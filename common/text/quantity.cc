#include "common/text/quantity.h"

#include <fmt/format.h>

#include <chrono>

namespace weir {

std::string show_us(std::uint32_t microseconds) {
  if (microseconds == 0) return "-";
  const double ms = microseconds / 1000.0;
  if (ms < 1) return fmt::format("{:.2f} ms", ms);
  if (ms < 100) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  return fmt::format("{:.2f} s", ms / 1000);
}

std::string show_share(std::uint32_t ppm) { return fmt::format("{:.1f}%", ppm / 10'000.0); }

std::string show_rate(std::uint32_t ppm) { return fmt::format("{:.2f}%", ppm / 10'000.0); }

std::string show_utc(std::int64_t unix_ms) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> when{std::chrono::milliseconds(unix_ms)};
  const auto day = floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(floor<std::chrono::seconds>(when - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string show_span(std::int64_t ms) {
  const std::int64_t s = ms / 1000;
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m", (s + 30) / 60);
  if (s < 86'400) {
    return s % 3600 >= 60 ? fmt::format("{}h{}m", s / 3600, s % 3600 / 60)
                          : fmt::format("{}h", s / 3600);
  }
  return fmt::format("{}d", s / 86'400);
}

std::string show_ago(std::int64_t unix_ms, std::int64_t now_ms) {
  if (unix_ms == 0) return "-";
  if (unix_ms > now_ms) return "in " + show_span(unix_ms - now_ms);
  return show_span(now_ms - unix_ms) + " ago";
}

}  // namespace weir
