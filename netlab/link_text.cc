#include "netlab/link_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "common/base/text.h"

namespace weir::netlab {
namespace {

struct Unit {
  std::string_view suffix;
  double factor;
};

// Longer suffixes first: "ms" also ends in "s".
constexpr std::array k_time_units = {Unit{"ns", 1}, Unit{"us", 1e3}, Unit{"ms", 1e6},
                                     Unit{"s", 1e9}};
constexpr std::array k_rate_units = {Unit{"kbit", 1e3}, Unit{"mbit", 1e6}, Unit{"gbit", 1e9},
                                     Unit{"bit", 1}};

/// A plain decimal without sign or exponent: "80", "0.5".
std::optional<double> decimal(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || rest != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// The number times its unit's factor; "0" needs no unit.
template <std::size_t N>
std::optional<double> with_unit(std::string_view text, const std::array<Unit, N>& units) {
  if (text == "0") return 0.0;
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto number = decimal(text.substr(0, text.size() - unit.suffix.size()));
    if (!number) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

Result<bool> parse_switch(std::string_view text) {
  if (text == "true" || text == "on") return true;
  if (text == "false" || text == "off") return false;
  return fail(Code::invalid_argument, in_quotes(text) + " is not true or false");
}

template <typename T>
Status take(T& target, Result<T> value) {
  if (!value) return fail(std::move(value).error());
  target = *value;
  return {};
}

Result<std::uint32_t> parse_mtu(std::string_view text) {
  const auto bytes = parse_number(text, 65'535);
  if (!bytes) {
    return fail(Code::invalid_argument,
                in_quotes(text) + " is not a size such as 1400, at most 65535, or 0 for no limit");
  }
  return static_cast<std::uint32_t>(*bytes);
}

Status set_named(LinkSettings& settings, std::string_view key, std::string_view value) {
  if (key == "delay") return take(settings.delay, parse_duration(value));
  if (key == "jitter") return take(settings.jitter, parse_duration(value));
  if (key == "reorder") return take(settings.reorder, parse_switch(value));
  if (key == "loss") return take(settings.loss, parse_probability(value));
  if (key == "duplicate") return take(settings.duplicate, parse_probability(value));
  if (key == "corrupt") return take(settings.corrupt, parse_probability(value));
  if (key == "rate") return take(settings.rate_bits_per_second, parse_rate(value));
  if (key == "mtu") return take(settings.mtu, parse_mtu(value));
  if (key == "queue") return take(settings.queue, parse_duration(value));
  return fail(Code::invalid_argument,
              "unknown; a link has delay, jitter, reorder, loss, duplicate, corrupt, rate, mtu, "
              "queue");
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto nanoseconds = with_unit(text, k_time_units);
  if (!nanoseconds || *nanoseconds > static_cast<double>(k_duration_max.count())) {
    return fail(Code::invalid_argument,
                in_quotes(text) + " is not a time such as 80ms, 250us or 1.5s, at most 60s");
  }
  return Duration(std::llround(*nanoseconds));
}

Result<double> parse_probability(std::string_view text) {
  const bool percent = text.ends_with('%');
  const auto number = decimal(percent ? text.substr(0, text.size() - 1) : text);
  const double value = number ? (percent ? *number / 100 : *number) : -1;
  if (value < 0 || value > 1) {
    return fail(Code::invalid_argument,
                in_quotes(text) + " is not a probability such as 1% or 0.01, at most 100%");
  }
  return value;
}

Result<std::uint64_t> parse_rate(std::string_view text) {
  const auto rate = with_unit(text, k_rate_units);
  if (!rate || *rate > 100e9 || (*rate > 0 && *rate < 1000)) {
    return fail(Code::invalid_argument, in_quotes(text) +
                                            " is not a rate such as 64kbit, 500mbit or 1gbit, "
                                            "from 1kbit to 100gbit, or 0 for no limit");
  }
  return static_cast<std::uint64_t>(std::llround(*rate));
}

Status apply_setting(LinkSettings& settings, std::string_view key, std::string_view value) {
  Status set = set_named(settings, key, value);
  if (!set) return fail(std::move(set).error().within(in_quotes(key)));
  return {};
}

std::string duration_text(Duration duration) {
  std::array<char, 32> digits{};
  const double ms = static_cast<double>(duration.count()) / 1e6;
  const auto written =
      std::to_chars(digits.data(), digits.data() + digits.size(), ms, std::chars_format::fixed, 3);
  return std::string(digits.data(), written.ptr) + "ms";
}

}  // namespace weir::netlab
