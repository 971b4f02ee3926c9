#include "cli/doctor/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/render/table.h"
#include "cli/render/text.h"
#include "cli/render/yaml.h"

namespace weir::cli {

namespace {

bool failed(const Finding& finding) { return finding.level == Finding::Level::fail; }

std::string level_word(const Finding& finding, bool colour) {
  return failed(finding) ? toned("FAIL", Tone::bad, colour) : toned("WARN", Tone::warn, colour);
}

/// The parts about which nothing was found.
std::vector<std::string> well_parts(const Diagnosis& diagnosis) {
  std::vector<std::string> parts;
  for (const std::string_view part : diagnosis.looked) {
    const bool named = std::ranges::any_of(
        diagnosis.found, [part](const Finding& finding) { return finding.about == part; });
    if (!named) parts.emplace_back(part);
  }
  return parts;
}

std::string text_of(const Diagnosis& diagnosis, bool colour) {
  std::string all;
  for (const Finding& finding : diagnosis.found) {
    all += fmt::format("{}  {:<11} {}  ({})\n", level_word(finding, colour), finding.about,
                       finding.what, finding.code);
    if (!finding.cause.empty()) all += "      cause: " + finding.cause + "\n";
    all += "      next:  " + finding.next + "\n";
  }
  const auto parts = well_parts(diagnosis);
  if (!parts.empty()) {
    all += toned("OK", Tone::good, colour) + "    " + joined(parts, ", ") + "\n";
  }
  return all;
}

std::string counted(std::size_t count, const char* one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string short_of(const Diagnosis& diagnosis) {
  const auto failures = static_cast<std::size_t>(std::ranges::count_if(diagnosis.found, failed));
  const std::size_t warnings = diagnosis.found.size() - failures;
  std::string all = diagnosis.of + ": ";
  all += diagnosis.found.empty()
             ? "well"
             : counted(failures, "failure") + ", " + counted(warnings, "warning");
  all += "\n";
  for (const Finding& finding : diagnosis.found) {
    all += fmt::format("{} {} {}\n", level_word(finding, false), finding.code, finding.what);
  }
  return all;
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

/// A case per finding and per part that is well; a warning is a case that passed, with a word.
std::string junit_of(const Diagnosis& diagnosis) {
  const auto parts = well_parts(diagnosis);
  std::string cases;
  for (const Finding& finding : diagnosis.found) {
    const std::string what = xml(printable(finding.what));
    std::string more = finding.cause.empty() ? "" : "cause: " + finding.cause;
    if (!finding.next.empty()) more += (more.empty() ? "next: " : "; next: ") + finding.next;
    more = xml(printable(more));
    cases += fmt::format("    <testcase classname=\"weir.doctor.{}\" name=\"{} {}\">\n",
                         xml(finding.about), xml(finding.code), what);
    cases += failed(finding)
                 ? fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                               xml(finding.code), what, more)
                 : "      <system-out>warning: " + more + "</system-out>\n";
    cases += "    </testcase>\n";
  }
  for (const std::string& part : parts) {
    cases += fmt::format("    <testcase classname=\"weir.doctor.{0}\" name=\"{0}\"/>\n", xml(part));
  }
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\"", diagnosis.found.size() + parts.size(),
                  std::ranges::count_if(diagnosis.found, failed));
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts +
         ">\n  <testsuite name=\"weirctl doctor: " + xml(printable(diagnosis.of)) + "\" " + counts +
         " errors=\"0\">\n" + cases + "  </testsuite>\n</testsuites>\n";
}

std::string json_of(const Diagnosis& diagnosis) {
  boost::json::array rows;
  for (const Finding& finding : diagnosis.found) {
    rows.push_back({{"level", std::string(level_name(finding.level))},
                    {"code", finding.code},
                    {"about", finding.about},
                    {"what", finding.what},
                    {"cause", finding.cause},
                    {"next", finding.next}});
  }
  return boost::json::serialize(boost::json::object{{"apiVersion", "weir.v1"},
                                                    {"kind", "Diagnosis"},
                                                    {"ok", diagnosis.ok()},
                                                    {"findings", rows}}) +
         "\n";
}

Table table_of(const Diagnosis& diagnosis) {
  Table table({{"CODE"}, {"LEVEL"}, {"ABOUT"}, {"WHAT"}, {"CAUSE"}, {"NEXT"}});
  for (const Finding& finding : diagnosis.found) {
    table.add({finding.code, std::string(level_name(finding.level)), finding.about, finding.what,
               finding.cause, finding.next});
  }
  return table;
}

}  // namespace

std::string report(const Diagnosis& diagnosis, Output output, bool colour) {
  switch (output) {
    case Output::json:
    case Output::jsonl:
      return json_of(diagnosis);
    case Output::yaml:
      return yaml_of(json_of(diagnosis));
    case Output::name:
      return table_of(diagnosis).names();
    case Output::csv:
      return table_of(diagnosis).csv();
    case Output::short_lines:
      return short_of(diagnosis);
    case Output::junit:
      return junit_of(diagnosis);
    case Output::table:
    case Output::wide:
      break;
  }
  return text_of(diagnosis, colour);
}

}  // namespace weir::cli
