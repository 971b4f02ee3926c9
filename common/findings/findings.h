#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/findings/mesh_snapshot.h"

namespace weir {

/// Something that is wrong, in the order in which it is to be looked at: what explains others
/// first.
struct Finding {
  enum class Level : std::uint8_t { warn, fail };

  Level level = Level::warn;
  std::string code;   // "WEIR-203": docs/findings.md says more
  std::string about;  // "agents", "paths", ...
  std::string what;
  std::string cause;  // as far as it is known
  std::string next;   // a command
};

/// Everything that is wrong, the root first: a finding that another one explains is left out where
/// that is certain (the paths of an agent that is gone), and comes later where it is likely.
/// Pure; O(paths + endpoints + events).
std::vector<Finding> findings_of(const MeshSnapshot& mesh);

/// No failure among them.
bool well(const std::vector<Finding>& findings);

/// "fail" or "warn".
std::string_view level_name(Finding::Level level);

/// What was looked at, whether something was found or not.
std::vector<std::string_view> looked_at();

/// Every code there is, for the page that explains them.
std::vector<std::string_view> finding_codes();

}  // namespace weir
