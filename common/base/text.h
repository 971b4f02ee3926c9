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

/// How many bytes the first letter of `text` has in UTF-8; 0 when no letter begins there.
std::size_t letter_size(std::string_view text);

/// The first letters of `text` that fit into `bytes_max` bytes. What is not UTF-8 becomes U+FFFD:
/// a protobuf string that holds anything else makes its receiver refuse the whole message.
std::string cut_text(std::string_view text, std::size_t bytes_max);

/// `text` for a terminal, so that hostile input cannot write to the operator's screen: control
/// characters (U+0000 to 1F, 7F to 9F) and bytes that are not UTF-8 become \xNN.
std::string escape_controls(std::string_view text);

/// `text` for a message to a terminal: as `escape_controls`, with quotes around it, cut after at
/// most 80 bytes.
std::string in_quotes(std::string_view text);

}  // namespace weir
