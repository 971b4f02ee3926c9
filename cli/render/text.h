#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

/// Text from anywhere, for a terminal: control characters are written as \x1b, line ends included.
std::string printable(std::string_view text);

/// How many columns a terminal gives it; a letter of UTF-8 counts as one.
std::size_t columns(std::string_view text);

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

/// What a word means to the reader. Never colour alone: the word stays.
enum class Tone { plain, good, warn, bad, faint };
std::string toned(std::string_view text, Tone tone, bool colour);

/// The one of `known` that `word` was probably meant to be; empty: none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace weir::cli
