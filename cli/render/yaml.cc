#include "cli/render/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace weir::cli {
namespace {

namespace json = boost::json;

/// Begins with a letter, goes on harmlessly, and is no word YAML knows.
bool is_plain(std::string_view text) {
  const auto harmless = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.' || c == ' ' ||
           c == '(' || c == ')' || c == '%';
  };
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
  if (text.back() == ' ' || !std::ranges::all_of(text, harmless)) return false;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::string_view k_words[] = {"true", "false", "null", "yes", "no", "on",
                                          "off",  "y",     "n",    "nan", "inf"};
  return std::ranges::find(k_words, lower) == std::end(k_words);
}

std::string scalar(const json::value& value) {
  if (value.is_string() && is_plain(value.as_string())) return std::string(value.as_string());
  if (value.is_double()) return fmt::format("{}", value.as_double());
  return json::serialize(value);
}

bool is_block(const json::value& value) {
  return (value.is_object() && !value.as_object().empty()) ||
         (value.is_array() && !value.as_array().empty());
}

void write(const json::value& value, std::size_t depth, std::string& out);

void write_entry(const json::value& value, std::size_t depth, std::string& out) {
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += "\n";
  write(value, depth + 1, out);
}

void write(const json::value& value, std::size_t depth, std::string& out) {
  const std::string indent(2 * depth, ' ');
  if (const json::object* object = value.if_object()) {
    for (const auto& [name, entry] : *object) {
      out += indent + scalar(json::value(name)) + ":";
      write_entry(entry, depth, out);
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& entry : *array) {
      if (!is_block(entry)) {
        out += indent + "- " + scalar(entry) + "\n";
        continue;
      }
      // "- " stands in the place of the first line's indent.
      std::string lines;
      write(entry, depth + 1, lines);
      lines.replace(2 * depth, 2, "- ");
      out += lines;
    }
  } else {
    out += indent + scalar(value) + "\n";
  }
}

}  // namespace

std::string yaml_of(std::string_view text) {
  const json::value value = json::parse(json::string_view(text.data(), text.size()));
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  write(value, 0, out);
  return out;
}

}  // namespace weir::cli
