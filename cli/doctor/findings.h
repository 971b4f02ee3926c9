#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

/// What the controller answered within a second or two: all a diagnosis is made from.
struct MeshSnapshot {
  admin::v1::StatusReply status;
  admin::v1::ListAgentsReply agents;
  admin::v1::ListPathsReply paths;
  admin::v1::ListServicesReply services;
  admin::v1::GetWeightsReply weights;
  admin::v1::ListPoliciesReply policies;
  admin::v1::ListEventsReply events;  // the newest last
  std::int64_t now_ms = 0;            // by this machine's clock, when `weights` came
};

enum class Level : std::uint8_t { warn, fail };

/// Something that is wrong, in the order in which it is to be looked at: what explains others
/// first.
struct Finding {
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

/// What was looked at, whether something was found or not.
std::vector<std::string_view> looked_at();

/// Every code there is, for the page that explains them.
std::vector<std::string_view> finding_codes();

}  // namespace weir::cli
