#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace weir::cli {

// Numbers as people read them. Zero of a measurement means "not known" and is "-".

/// "0.42 ms", "12.3 ms", "318 ms", "1.20 s".
std::string show_us(std::uint32_t microseconds);
/// "72.0%".
std::string show_share(std::uint32_t ppm);
/// "0.25%", with one digit more than a share: errors and losses are small.
std::string show_rate(std::uint32_t ppm);
/// "4s ago", "12m ago", "3h ago", "5d ago"; "-" for 0; "in 10m" for the future.
std::string show_ago(std::int64_t unix_ms, std::int64_t now_ms);
/// "4s", "2h13m".
std::string show_span(std::int64_t ms);
/// "3.204", four digits of any amount: the currency is whoever's prices it was made of.
std::string show_money(double amount);
/// "12.5/s"; "0/s".
std::string show_per_second(double rate);
/// "2026-11-23T07:03:29Z".
std::string show_utc(std::int64_t unix_ms);

/// A moment: "5m" and the like ago, or "2026-11-23T07:03:29Z". Errors: invalid_argument.
Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);
/// "90s", "10m", "1h30m", "2d"; between one second and ten years.
/// Errors: invalid_argument.
Result<std::chrono::seconds> parse_span(std::string_view text);

}  // namespace weir::cli
