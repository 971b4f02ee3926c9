#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir {

/// The parts of `text` between `separator`s; an empty text has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Without the blanks, tabs and line ends around it.
std::string_view trim(std::string_view text);

/// A whole decimal number without sign, at most `max`.
/// Errors: invalid_argument (not digits only), out_of_range (names the limit).
Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);

/// `text` for a message to a terminal: quoted, control characters escaped, cut after 80 bytes, so
/// that hostile input cannot write to the operator's screen.
std::string in_quotes(std::string_view text);

}  // namespace weir
