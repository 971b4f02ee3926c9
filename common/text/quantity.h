#pragma once

#include <cstdint>
#include <string>

namespace weir {

// Numbers as people read them. Zero of a measurement means "not known" and is "-".

/// "0.42 ms", "12.3 ms", "318 ms", "1.20 s".
std::string show_us(std::uint32_t microseconds);
/// "72.0%".
std::string show_share(std::uint32_t ppm);
/// "0.25%", with one digit more than a share: errors and losses are small.
std::string show_rate(std::uint32_t ppm);
/// "4s ago", "12m ago", "3h ago", "5d ago"; "-" for 0; "in 10m" for the future.
std::string show_ago(std::int64_t unix_ms, std::int64_t now_ms);
/// "2026-11-23T07:03:29Z".
std::string show_utc(std::int64_t unix_ms);
/// "4s", "2h13m".
std::string show_span(std::int64_t ms);

}  // namespace weir
