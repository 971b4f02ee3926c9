#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/admin_session.h"
#include "common/findings/findings.h"

namespace weir::cli {

/// A diagnosis: what was found among what was looked at, and of what: "mesh demo", "this machine".
struct Diagnosis {
  std::string of;
  std::vector<Finding> found;
  std::vector<std::string_view> looked;
  bool warnings_fail = false;  // --fail-on warn

  bool ok() const { return warnings_fail ? found.empty() : well(found); }
};

/// As `output` says: for people, a line a finding for chat (`short_lines`), JUnit's XML for CI, or
/// a document or table.
std::string report(const Diagnosis& diagnosis, Output output, bool colour);

}  // namespace weir::cli
