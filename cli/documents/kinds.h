#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::cli {

/// One field of a document, as `weirctl explain` tells it.
struct DocumentField {
  std::string_view path;  // "spec.weights"
  std::string_view form;  // "map of REGION: 0 to 10000"
  std::string_view meaning;
  bool required = false;
};

/// A kind of document that `apply` takes and `get` writes.
struct DocumentKind {
  std::string_view kind;  // "Pin"
  std::string_view word;  // "pins": of `get`
  std::string_view meaning;
  std::string_view example;  // a whole document
  std::span<const DocumentField> fields;
};

std::span<const DocumentKind> document_kinds();

/// By its kind or its word, in any case; nullptr: there is none.
const DocumentKind* find_document_kind(std::string_view name);

}  // namespace weir::cli
