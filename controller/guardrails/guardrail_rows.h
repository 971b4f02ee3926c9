#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "controller/guardrails/guardrail_book.h"

namespace weir::controller {

// How overrides lie in the store: guardrail/<service>/<name>.

inline constexpr std::string_view k_guardrail_rows = "guardrail/";

std::string guardrail_row_key(const ServiceName& service, const std::string& name);
std::string encode_guardrail(const GuardrailOverride& override);
/// Errors: data_loss (not such a row, a guardrail nobody knows, a value beyond its bounds).
Result<GuardrailOverride> decode_guardrail(std::string_view row);

}  // namespace weir::controller
