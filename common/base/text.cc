#include "common/base/text.h"

#include <charconv>

namespace weir {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end == text.data() + text.size() && !text.empty();
  if (!whole || problem == std::errc::invalid_argument) {
    return fail(Code::invalid_argument, in_quotes(text) + " is not a whole number");
  }
  if (problem != std::errc() || value > max) {
    return fail(Code::out_of_range, in_quotes(text) + " is above the limit " + std::to_string(max));
  }
  return value;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string safe = "\"";
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\') {
      safe += "\\x";
      safe += digits[byte >> 4];
      safe += digits[byte & 15];
    } else {
      safe += c;
    }
  }
  return safe + (text.size() > longest ? "\"..." : "\"");
}

}  // namespace weir
