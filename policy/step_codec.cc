#include "policy/step_codec.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/base/text.h"
#include "policy/json_fields.h"
#include "policy/step_fields.h"

namespace weir::policy {
namespace {

constexpr std::size_t k_reasons_max = 32;

std::string quoted(std::string_view text) {
  return boost::json::serialize(
      boost::json::string(boost::json::string_view(text.data(), text.size())));
}

/// Whole numbers as such, others with the digits that bring back the same double, never an
/// exponent; `value` is finite and below 1e16.
std::string number(double value) {
  std::array<char, 64> digits{};
  const bool whole = value == std::floor(value);
  const auto end =
      whole ? std::to_chars(digits.begin(), digits.end(), static_cast<std::int64_t>(value))
            : std::to_chars(digits.begin(), digits.end(), value, std::chars_format::fixed);
  return {digits.begin(), end.ptr};
}

std::string rounded(double value, double digits) {
  if (!std::isfinite(value)) return "0";
  const double scaled = std::round(value * digits) / digits;
  return std::abs(scaled) < 1e15 ? number(scaled) : "0";
}

}  // namespace

Result<StepLine> parse_step_line(std::string_view text, const StepInit* init) {
  WEIR_ASSIGN(document, parse_object(text));
  Complaint complaint;
  const Fields line(document.get_object(), "", complaint);
  const auto type = line.text("type");
  if (!type) return fail(Code::invalid_argument, "type is missing or no string");
  StepLine result;
  if (*type == "init") {
    if (init != nullptr) return fail(Code::failed_precondition, "a second init line");
    result = read_init(line);
  } else if (*type == "observe") {
    if (init == nullptr) return fail(Code::failed_precondition, "the first line is init");
    result = read_observation(line, *init);
  } else {
    return fail(Code::invalid_argument,
                "type " + in_quotes(*type) + " is neither init nor observe");
  }
  if (!complaint.empty()) return fail(Code::invalid_argument, complaint.message());
  return result;
}

std::string ready_line(std::string_view policy, std::string_view version) {
  return R"({"type":"ready","protocol":1,"policy":)" + quoted(policy) + R"(,"version":)" +
         quoted(version) + "}";
}

std::string weights_line(const StepInit& init, std::size_t service, double t_ms,
                         std::span<const StepSource> sources, std::span<const Why> why) {
  const auto name = [&init](std::size_t region) { return quoted(init.regions[region].value()); };
  std::string line = R"({"type":"weights","t_ms":)" + number(t_ms) + R"(,"service":)" +
                     quoted(init.services[service].setting.service.value()) + R"(,"sources":[)";
  for (std::size_t from = 0; from < sources.size(); ++from) {
    line += (from == 0 ? "" : ",") + (R"({"region":)" + name(from)) + R"(,"weights":{)";
    for (std::size_t to = 0; to < sources[from].weights.size(); ++to) {
      line += (to == 0 ? "" : ",") + name(to) + ":" + std::to_string(sources[from].weights[to]);
    }
    line += R"(},"shed":)" + rounded(sources[from].shed, 1e4) + "}";
  }
  line += R"(],"why":[)";
  for (std::size_t i = 0; i < std::min(why.size(), k_reasons_max); ++i) {
    const Why& reason = why[i];
    line += (i == 0 ? "" : ",") + (R"({"from":)" + name(reason.from)) + R"(,"to":)" +
            name(reason.to) + R"(,"term":)" + quoted(reason.term) + R"(,"delta":)" +
            rounded(reason.delta, 1e4) + R"(,"note":)" + quoted(reason.note) + "}";
  }
  return line + "]}";
}

std::string error_line(std::size_t line, std::string_view message) {
  return R"({"type":"error","line":)" + std::to_string(line) + R"(,"message":)" + quoted(message) +
         "}";
}

Result<std::map<std::string, double>> parse_settings(std::string_view text) {
  WEIR_ASSIGN(document, parse_object(text));
  std::map<std::string, double> settings;
  for (const auto& member : document.get_object()) {
    const std::string name(member.key().data(), member.key().size());
    const auto value = as_number(member.value());
    if (!value) return fail(Code::invalid_argument, "setting " + in_quotes(name) + " is no number");
    settings[name] = *value;
  }
  return settings;
}

}  // namespace weir::policy
