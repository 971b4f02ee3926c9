#include "common/model/guardrail.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "common/base/text.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double k_day_ms = 24.0 * 3600 * 1000;

milliseconds as_ms(double value) { return milliseconds(static_cast<std::int64_t>(value)); }

constexpr std::array<Guardrail, 5> k_guardrails = {{
    {.name = "max_step",
     .form = Guardrail::Form::share,
     .more_is_looser = true,
     .least = 0.0001,
     .most = 1,
     .limits = "0.0001 to 1",
     .get = [](const ServiceConfig& service) -> std::optional<double> {
       return service.plan.guards.max_step.value();
     },
     .put = [](double value,
               ServiceConfig& service) { service.plan.guards.max_step = Ratio(value); }},
    {.name = "min_share",
     .form = Guardrail::Form::share,
     .more_is_looser = false,
     .least = 0,
     .most = 1,
     .limits = "0 to max_step",
     .get = [](const ServiceConfig& service) -> std::optional<double> {
       return service.plan.guards.min_share.value();
     },
     .put = [](double value,
               ServiceConfig& service) { service.plan.guards.min_share = Ratio(value); }},
    {.name = "max_cost_per_hour",
     .form = Guardrail::Form::money,
     .more_is_looser = true,
     .least = 0,
     .most = 1e9,
     .limits = "0 to 1000000000",
     .get = [](const ServiceConfig& service) { return service.max_cost_per_hour; },
     .put = [](double value, ServiceConfig& service) { service.max_cost_per_hour = value; }},
    {.name = "policy_ttl",
     .form = Guardrail::Form::span,
     .more_is_looser = true,
     .least = 1000,
     .most = k_day_ms,
     .limits = "1s to 24h",
     .get = [](const ServiceConfig& service) -> std::optional<double> {
       if (service.policy.ttl == seconds(0)) return std::nullopt;  // for ever
       return static_cast<double>(milliseconds(service.policy.ttl).count());
     },
     .put =
         [](double value, ServiceConfig& service) {
           service.policy.ttl = std::chrono::duration_cast<seconds>(as_ms(value));
         }},
    {.name = "failover_hold",
     .form = Guardrail::Form::span,
     .more_is_looser = false,
     .least = 0,
     .most = k_day_ms,
     .limits = "0ms to 24h",
     .get = [](const ServiceConfig& service) -> std::optional<double> {
       return static_cast<double>(service.plan.failover.hold.count());
     },
     .put = [](double value,
               ServiceConfig& service) { service.plan.failover.hold = as_ms(value); }},
}};

struct Unit {
  std::string_view name;
  double ms;
};
constexpr std::array<Unit, 4> k_units = {{{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}};

std::optional<double> plain_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] =
      std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (problem != std::errc() || stopped != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> number_of(Guardrail::Form form, std::string_view text) {
  if (form == Guardrail::Form::money) return plain_number(text);
  if (form == Guardrail::Form::share) {
    if (!text.ends_with('%')) return plain_number(text);
    const auto percent = plain_number(text.substr(0, text.size() - 1));
    return percent ? std::optional(*percent / 100) : std::nullopt;
  }
  const std::size_t unit = text.find_first_not_of("0123456789");
  const auto count = plain_number(text.substr(0, unit));
  if (unit == std::string_view::npos || !count) return std::nullopt;
  const auto* found = std::ranges::find(k_units, text.substr(unit), &Unit::name);
  return found == k_units.end() ? std::nullopt : std::optional(*count * found->ms);
}

std::string shortest(double value) {
  std::array<char, 32> digits{};
  const auto [end, problem] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  return problem == std::errc() ? std::string(digits.data(), end) : std::to_string(value);
}

std::string_view form_in_words(Guardrail::Form form) {
  switch (form) {
    case Guardrail::Form::share:
      return "a share such as 0.05 or 5%";
    case Guardrail::Form::money:
      return "an amount such as 12.5";
    case Guardrail::Form::span:
      return "a time such as 250ms, 90s, 15m";
  }
  return "";
}

}  // namespace

std::span<const Guardrail> guardrails() { return k_guardrails; }

const Guardrail* find_guardrail(std::string_view name) {
  const auto* found = std::ranges::find(k_guardrails, name, &Guardrail::name);
  return found == k_guardrails.end() ? nullptr : found;
}

bool is_looser(const Guardrail& guardrail, std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return !a && b;
  return guardrail.more_is_looser ? *a > *b : *a < *b;
}

Result<double> parse_guardrail(const Guardrail& guardrail, std::string_view text) {
  const std::string name(guardrail.name);
  if (text == "none") {
    return fail(Code::out_of_range, "only the configuration turns " + name + " off");
  }
  const auto value = number_of(guardrail.form, text);
  if (!value) {
    return fail(Code::invalid_argument, name + " " + in_quotes(text) + " must be " +
                                            std::string(form_in_words(guardrail.form)));
  }
  if (*value < guardrail.least || *value > guardrail.most) {
    return fail(
        Code::out_of_range,
        name + " " + in_quotes(text) + " must be " + std::string(guardrail.limits) +
            (guardrail.name == "policy_ttl" ? "; only the configuration turns it off" : ""));
  }
  return *value;
}

std::string guardrail_text(const Guardrail& guardrail, std::optional<double> value) {
  if (!value) return "none";
  if (guardrail.form != Guardrail::Form::span) return shortest(*value);
  const auto ms = static_cast<std::int64_t>(*value);
  for (auto unit = k_units.rbegin(); unit != k_units.rend(); ++unit) {
    const auto size = static_cast<std::int64_t>(unit->ms);
    if (ms != 0 && ms % size == 0) return std::to_string(ms / size) + std::string(unit->name);
  }
  return "0ms";
}

}  // namespace weir
