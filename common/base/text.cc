#include "common/base/text.h"

#include <algorithm>
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

std::size_t letter_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [text](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  // What the second byte may be keeps out long forms, surrogates and all above U+10FFFF.
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  for (std::size_t at = 2; at < size; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  return size;
}

std::string cut_text(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string kept;
  while (!text.empty()) {
    const std::size_t size = letter_size(text);
    const std::string_view letter = size == 0 ? replacement : text.substr(0, size);
    if (kept.size() + letter.size() > bytes_max) break;
    kept += letter;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return kept;
}

namespace {

/// U+0000 to 1F and 7F to 9F.
bool is_control(std::string_view letter) {
  const auto first = static_cast<unsigned char>(letter[0]);
  if (first < 0x20 || first == 0x7f) return true;
  return first == 0xc2 && static_cast<unsigned char>(letter[1]) < 0xa0;
}

void append_hex(std::string& safe, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    safe += "\\x";
    safe += digits[byte >> 4];
    safe += digits[byte & 15];
  }
}

/// Up to the last whole letter within `bytes_max`; bytes of `also` are escaped too.
std::string escaped(std::string_view text, std::string_view also, std::size_t bytes_max) {
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = letter_size(text.substr(at));
    const std::string_view letter = text.substr(at, std::max<std::size_t>(size, 1));
    at += letter.size();
    if (at > bytes_max) break;
    if (size == 0 || is_control(letter) || also.contains(letter)) {
      append_hex(safe, letter);
    } else {
      safe += letter;
    }
  }
  return safe;
}

}  // namespace

std::string escape_controls(std::string_view text) { return escaped(text, "", text.size()); }

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  const std::string safe = escaped(text, "\"\\", longest);
  return '"' + safe + (text.size() > longest ? "\"..." : "\"");
}

}  // namespace weir
