#include "cli/command/config_report.h"

#include <boost/json.hpp>

#include "common/base/text.h"

namespace weir::cli {

namespace {

std::uint64_t number_or_0(std::string_view text) {
  const auto number = parse_number(text, INT32_MAX);
  return number ? *number : 0;
}

/// "FILE:LINE: PATH: WHAT"; the line and the path may be missing.
boost::json::object complaint_of(std::string_view text, std::string_view file) {
  std::uint64_t line = 0;
  if (text.starts_with(file) && text.substr(file.size()).starts_with(":")) {
    const std::string_view rest = text.substr(file.size() + 1);
    const std::size_t colon = rest.find(": ");
    line = colon == std::string_view::npos ? 0 : number_or_0(rest.substr(0, colon));
    if (line != 0) text = rest.substr(colon + 2);
  }
  std::string_view path;
  const std::size_t end = text.find(": ");
  if (line != 0 && end != std::string_view::npos && text.find(' ') > end) {
    path = text.substr(0, end);
    text.remove_prefix(end + 2);
  }
  return {{"line", line}, {"path", path}, {"what", text}};
}

/// "PATH: VALUE  # default" or "... # line 7".
boost::json::object value_of(std::string_view text) {
  constexpr std::string_view origin_mark = "  # ";
  constexpr std::string_view line_word = "line ";
  std::string_view origin;
  if (const std::size_t mark = text.rfind(origin_mark); mark != std::string_view::npos) {
    origin = text.substr(mark + origin_mark.size());
    text = text.substr(0, mark);
  }
  const std::size_t colon = text.find(": ");
  const std::string_view path = text.substr(0, colon);
  const std::string_view value =
      colon == std::string_view::npos ? std::string_view() : trim(text.substr(colon + 2));
  const std::uint64_t line =
      origin.starts_with(line_word) ? number_or_0(origin.substr(line_word.size())) : 0;
  return {{"path", path}, {"value", value}, {"line", line}};
}

template <typename Each>
boost::json::array each_line(std::string_view text, const Each& each) {
  boost::json::array all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) all.push_back(each(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

}  // namespace

std::string config_report(std::string_view file, std::string_view program,
                          const CheckOutput& output) {
  std::string_view complaints = output.complaints;
  const std::string prefix = std::string(program) + ": ";
  if (complaints.starts_with(prefix)) complaints.remove_prefix(prefix.size());
  boost::json::object document{{"apiVersion", "weir.v1"},
                               {"kind", "ConfigCheck"},
                               {"file", file},
                               {"program", program},
                               {"valid", output.valid}};
  if (output.valid) {
    document["values"] = each_line(output.values, value_of);
  } else {
    document["complaints"] =
        each_line(complaints, [file](std::string_view line) { return complaint_of(line, file); });
  }
  return boost::json::serialize(document) + "\n";
}

}  // namespace weir::cli
