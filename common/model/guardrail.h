#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/model/service_config.h"

namespace weir {

/// A limit of a service that operators may move at run time.
struct Guardrail {
  enum class Form { share, money, span };  // a share of 1, an amount an hour, milliseconds

  std::string_view name;
  Form form;
  bool more_is_looser;
  double least;  // of what may be set at run time
  double most;
  std::string_view limits;  // the above, in words
  /// None: no limit.
  std::optional<double> (*get)(const ServiceConfig&);
  void (*put)(double, ServiceConfig&);
};

std::span<const Guardrail> guardrails();

/// nullptr: there is none of that name.
const Guardrail* find_guardrail(std::string_view name);

/// Whether `a` permits more than `b`; none permits everything.
bool is_looser(const Guardrail& guardrail, std::optional<double> a, std::optional<double> b);

/// "0.05" or "5%", "12.5", "15m": as the configuration has it.
/// Errors: invalid_argument (another form), out_of_range (beyond the bounds, or no limit at all).
Result<double> parse_guardrail(const Guardrail& guardrail, std::string_view text);

/// "0.05", "12.5", "15m", "none".
std::string guardrail_text(const Guardrail& guardrail, std::optional<double> value);

}  // namespace weir
