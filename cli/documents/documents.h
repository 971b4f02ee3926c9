#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir::cli {

/// Something an operator can change at run time, as a document says it:
///
///   apiVersion: weir.v1
///   kind: Pin                       # or PolicyMode, Guardrail
///   metadata: {name: shop/web/eu-west-1}
///   spec: {weights: {eu-west-1: 30, us-east-1: 70}, expires: "2026-11-27T12:00:00Z"}
struct Document {
  std::string kind;
  std::string name;
  /// What stands in its spec, by path: {"weights.eu-west-1", "30"}, {"mode", "auto"},
  /// {"value", "0.05"}.
  std::map<std::string, std::string> spec;
  std::int64_t expires_unix_ms = 0;  // 0: never

  friend bool operator==(const Document&, const Document&) = default;
};

inline constexpr std::string_view k_pin = "Pin";
inline constexpr std::string_view k_policy_mode = "PolicyMode";
inline constexpr std::string_view k_guardrail = "Guardrail";

/// "namespace/name/last" as service and the rest; a mode's name has no rest.
struct DocumentName {
  std::string service;
  std::string rest;  // the source region of a pin, the guardrail's name; empty
};
/// Errors: invalid_argument (no name of the kind).
Result<DocumentName> split_name(const Document& document);

/// A stream of YAML documents, or JSON; lists (`items`) are taken apart. Values are brought into
/// the form the controller has them in: "5%" becomes "0.05".
/// Errors: invalid_argument with all complaints of the first wrong one, "FILE:LINE: path: what".
Result<std::vector<Document>> parse_documents(std::string_view text, const std::string& file);

/// `metadata` and `spec`.
boost::json::object fields_of(const Document& document);

}  // namespace weir::cli
