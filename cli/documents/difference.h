#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/documents/documents.h"

namespace weir::cli {

/// One document against what is there. Never both missing.
struct Step {
  std::optional<Document> have;
  std::optional<Document> want;  // none: it is to go

  std::string_view action() const;  // "create", "change", "remove", "keep"
  const Document& either() const { return want ? *want : *have; }
};

/// Steps from `have` to `want`, in the order of `want`, removals last: those of `have` whose kind
/// is in `prune` and that are not wanted. Ends less than two seconds apart are the same: a time to
/// live is counted from when the controller hears of it.
std::vector<Step> difference(const std::vector<Document>& have, const std::vector<Document>& want,
                             const std::vector<std::string>& prune);

/// Those that change something.
std::size_t changes_in(const std::vector<Step>& steps);

/// "change Pin shop/web/eu-west-1", and under it what goes with "-" and what comes with "+"; what
/// is kept is left out.
std::string in_words(const std::vector<Step>& steps);

}  // namespace weir::cli
