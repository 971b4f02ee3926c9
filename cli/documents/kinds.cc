#include "cli/documents/kinds.h"

#include <algorithm>
#include <array>

#include "cli/documents/documents.h"

namespace weir::cli {

namespace {

constexpr DocumentField k_version{"apiVersion", "weir.v1", "the form of the document"};
constexpr DocumentField k_expires{"spec.expires", "moment",
                                  "its end, such as 2026-11-27T12:00:00Z"};

constexpr std::array<DocumentField, 5> k_pin_fields = {
    {k_version,
     {"kind", "Pin", "weights a person holds", true},
     {"metadata.name", "NAMESPACE/NAME/REGION", "the service, and the region where requests start",
      true},
     {"spec.weights", "map of REGION: 0 to 10000", "where they go; what is not named gets none",
      true},
     k_expires}};

constexpr std::array<DocumentField, 4> k_mode_fields = {
    {k_version,
     {"kind", "PolicyMode", "how far a policy steers a service", true},
     {"metadata.name", "NAMESPACE/NAME", "the service", true},
     {"spec.mode", "static|shadow|assist|auto", "not asked, asked, followed if confirmed, followed",
      true}}};

constexpr std::array<DocumentField, 5> k_guardrail_fields = {
    {k_version,
     {"kind", "Guardrail", "a limit that policies and pins have to keep", true},
     {"metadata.name", "NAMESPACE/NAME/GUARDRAIL",
      "the service, and one that weirctl guardrails status has", true},
     {"spec.value", "0.05 or 5%, 12.5, 15m", "the limit, in its own form", true},
     k_expires}};

constexpr std::array<DocumentKind, 3> k_kinds = {
    {{k_pin, "pins", "weights a person holds for requests of a service from a region",
      "apiVersion: weir.v1\n"
      "kind: Pin\n"
      "metadata: {name: shop/web/eu-west-1}\n"
      "spec:\n"
      "  weights: {eu-west-1: 30, us-east-1: 70}\n"
      "  expires: \"2026-11-27T12:00:00Z\"\n",
      k_pin_fields},
     {k_policy_mode, "policymodes", "how far a policy steers a service",
      "apiVersion: weir.v1\n"
      "kind: PolicyMode\n"
      "metadata: {name: shop/web}\n"
      "spec: {mode: assist}\n",
      k_mode_fields},
     {k_guardrail, "guardrails", "a limit that policies and pins have to keep",
      "apiVersion: weir.v1\n"
      "kind: Guardrail\n"
      "metadata: {name: shop/web/max_step}\n"
      "spec: {value: 5%, expires: \"2026-11-27T12:00:00Z\"}\n",
      k_guardrail_fields}}};

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::span<const DocumentKind> document_kinds() { return k_kinds; }

const DocumentKind* find_document_kind(std::string_view name) {
  const auto* const found = std::ranges::find_if(k_kinds, [name](const DocumentKind& one) {
    return same_word(one.kind, name) || same_word(one.word, name);
  });
  return found == k_kinds.end() ? nullptr : found;
}

}  // namespace weir::cli
