#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "weir/admin/v1/admin.pb.h"

namespace weir {

/// What the controller knows within a second or two: all a diagnosis is made from.
struct MeshSnapshot {
  /// The same mesh earlier, from the kept series.
  struct Before {
    std::int64_t unix_ms = 0;
    admin::v1::ListPathsReply paths;
    admin::v1::ListServicesReply services;  // counts alone
    admin::v1::GetWeightsReply weights;
  };

  admin::v1::StatusReply status;
  admin::v1::ListAgentsReply agents;
  admin::v1::ListPathsReply paths;
  admin::v1::ListServicesReply services;
  admin::v1::GetWeightsReply weights;
  admin::v1::ListPoliciesReply policies;
  admin::v1::ListEventsReply events;  // the newest last
  admin::v1::ListTokensReply tokens;  // empty for who may not see them
  std::optional<Before> before;
  std::int64_t now_ms = 0;  // by the examiner's clock, when `weights` came
};

/// When to look for something to compare `now_ms` with: the first of them of which paths are kept.
/// The longer ago the better: what has been slow for ten minutes is then still found.
std::vector<std::int64_t> moments_to_compare(std::int64_t now_ms);

}  // namespace weir
