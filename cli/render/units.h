#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/text/quantity.h"

namespace weir::cli {

// What the commands show and read besides common/text.

/// "3.204", four digits of any amount: the currency is whoever's prices it was made of.
std::string show_money(double amount);
/// "12.5/s"; "0/s".
std::string show_per_second(double rate);

/// A moment: "5m" and the like ago, or "2026-11-23T07:03:29Z". Errors: invalid_argument.
Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);
/// "90s", "10m", "1h30m", "2d"; between one second and ten years.
/// Errors: invalid_argument.
Result<std::chrono::seconds> parse_span(std::string_view text);

}  // namespace weir::cli
